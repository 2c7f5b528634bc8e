#pragma once
// One connection for an event loop: nothing here blocks.

#include <vend/options.hpp>
#include <vend/outcome.hpp>
#include <vend/request.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <string>

namespace vend {

// Purchases are sent without waiting for the answers of those before, in libpq's pipeline mode; each is
// a transaction of its own. As with vend::client they are sent again until they are answered, under
// their ids, on a new connection if need be, until options.call_ms_max has passed. One that waits for a
// lock makes room for those behind it after options.lock_ms_max.
//
// Not for several threads at once: it belongs to the thread of the event loop.
class pipeline {
  public:
    // Either an outcome, or the exception that client::try_purchase() would have thrown. Must not throw.
    using handler = std::function<void(const outcome *sale, std::exception_ptr failure)>;

    // Begins to connect. Of the options, those of a pool do not matter.
    explicit pipeline(const std::string &conninfo, options options = {});
    ~pipeline();
    pipeline(const pipeline &) = delete;
    pipeline &operator=(const pipeline &) = delete;

    // What to wait for. Ask anew after each process(): a new connection has another socket. -1: wait for
    // the timeout.
    [[nodiscard]] int socket() const;
    [[nodiscard]] bool wants_to_read() const;
    [[nodiscard]] bool wants_to_write() const;
    [[nodiscard]] int timeout_ms() const;

    // Reads, writes, connects, as far as that can be done now, and calls handlers. To be called when the
    // socket is ready or the timeout has passed.
    void process();

    // The handler is called by process(), in any order. 53300 where pending() has reached
    // options.waiters_max.
    void try_purchase(const purchase_request &request, handler on_answer);
    std::future<outcome> try_purchase(const purchase_request &request);

    // Purchases that are not answered.
    [[nodiscard]] std::size_t pending() const;

  private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace vend
