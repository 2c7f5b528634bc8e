#pragma once
// The inside of a pool, which leases use.

#include "connection.hpp"
#include "conninfo.hpp"
#include "deadline.hpp"

#include <vend/pool.hpp>

#include <condition_variable>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>

namespace vend {

// A thread that waits. It is given a connection, or null: the right to make one.
struct waiter {
    std::condition_variable_any served;
    bool is_served = false;
    std::unique_ptr<connection> given;
};

struct pool::state {
    state(const std::string &text, vend::options limits)
        : options(std::move(limits)), where(text, options) {}

    const vend::options options;
    const vend::conninfo where;

    std::mutex mutex; // for everything below

    // Connections, idle or leased, and rights to make one; never more than connections_max.
    int places = 0;
    std::deque<std::unique_ptr<connection>> idle; // the one that was used last is at the back
    std::list<waiter *> line;                     // the first one is served first

    // Waits for a connection. Returns null for the right to make one. Throws 53300 when the line is full
    // or the time is over, 57014 for a stop.
    std::unique_ptr<connection> take(const deadline &until);

    // Takes a connection back, or with null the right to make one. Does not keep a connection that is
    // broken or in a transaction.
    void give(std::unique_ptr<connection> one);

  private:
    std::unique_ptr<connection> wait(std::unique_lock<std::mutex> &lock, const deadline &until);
    [[nodiscard]] bool is_fresh(const connection &one) const;
};

} // namespace vend
