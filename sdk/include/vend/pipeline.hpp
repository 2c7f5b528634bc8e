#pragma once
// Purchases on one connection for an event loop: nothing here blocks.

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

// The pipeline sends a purchase without waiting for the answers to those before it, by libpq's pipeline
// mode. Each purchase is a transaction of its own. Like vend::client, the pipeline sends a purchase
// again under its id until it is answered, on a new connection if need be, until options.call_ms_max has
// passed. A purchase that waits for a lock makes room for those behind it after options.lock_ms_max.
//
// A pipeline belongs to the thread of its event loop. Several threads may not use it at once.
class pipeline {
  public:
    // Gets either the outcome, or the exception that client::try_purchase() would have thrown. Must not
    // throw.
    using handler = std::function<void(const outcome *sale, std::exception_ptr failure)>;

    // Starts to connect. connections_max, idle_ms_max, prepare and on_attempt do not apply to a
    // pipeline. Throws 08001 when conninfo cannot be read.
    explicit pipeline(const std::string &conninfo, options options = {});
    ~pipeline();
    pipeline(const pipeline &) = delete;
    pipeline &operator=(const pipeline &) = delete;

    // What the event loop waits for before it calls process(): that the socket can be read, that it can
    // be written, or that the timeout has passed. Ask again after each process(), since a new connection
    // has another socket. The socket is -1 while there is no connection.
    [[nodiscard]] int socket() const;
    [[nodiscard]] bool wants_to_read() const;
    [[nodiscard]] bool wants_to_write() const;
    [[nodiscard]] int timeout_ms() const;

    // Connects, reads and writes as far as possible without waiting, and calls handlers.
    void process();

    // process() calls the handlers, in any order. Throws 53300 when pending() has reached
    // options.waiters_max, and 22021 for a text with a null character.
    void try_purchase(const purchase_request &request, handler on_answer);
    std::future<outcome> try_purchase(const purchase_request &request);

    // The number of purchases that are not answered yet.
    [[nodiscard]] std::size_t pending() const;

  private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace vend
