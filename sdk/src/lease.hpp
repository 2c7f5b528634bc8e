#pragma once
// A connection of a pool, which is given back when the lease ends.

#include "connection.hpp"
#include "deadline.hpp"

#include <vend/pool.hpp>

#include <memory>

namespace vend {

class lease {
  public:
    // Waits in line, and connects where needed. Throws 53300 when the line is full or the time is over,
    // and what connecting throws.
    lease(pool &from, const deadline &until);
    ~lease();
    lease(const lease &) = delete;
    lease &operator=(const lease &) = delete;

    connection &operator*() const noexcept { return *connection_; }
    connection *operator->() const noexcept { return connection_.get(); }

    // Whether the calling thread has a lease of this pool.
    [[nodiscard]] static bool has_one_of(const pool &from) noexcept;

  private:
    pool::state &pool_;
    std::unique_ptr<connection> connection_;
    lease *outer_; // the lease that the thread already had
};

} // namespace vend
