#pragma once
// The limits of a client or pipeline, each with a default. Their names end with their units.

#include <vend/uuid.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace vend {

// Whether the client prepares its statements on the server. That saves a third of the server's time for
// a short call. Behind a pooler in transaction mode the next call may meet another server process, which
// does not know the prepared statement.
enum class prepare {
    automatic, // unless the client notices a pooler
    never,
    always,
};

// One attempt of one call, for tracing and metrics.
struct attempt_event {
    std::string_view name;    // "try_purchase", "transaction", ...
    std::string_view outcome; // a status, "ok", or an SQLSTATE
    std::chrono::microseconds duration;
    int attempt; // from 1
    std::optional<uuid> id;
};

struct options {
    // The store of calls that name none. Without it the database takes its only store or its default.
    std::optional<std::string> store = {};

    // Connections of the pool. The pool makes them when they are needed.
    int connections_max = 10;

    // Threads that may wait for a connection, or purchases that may be pending in a pipeline. One more
    // gets 53300 at once.
    int waiters_max = 10000;

    // The time from a call to its answer, with all attempts and pauses. Then the call ends with 57014.
    // The whole of a transaction has this time; the client does not interrupt the caller's own code.
    int call_ms_max = 30000;

    // The time of one attempt. Then the client cancels it, and makes another one while there is time.
    int attempt_ms_max = 10000;

    // The time to connect to one host. Looking up its name comes on top, because libpq does that without
    // a limit.
    int connect_ms_max = 5000;

    // The time that a cancelled attempt has to answer what became of it.
    int cancel_ms_max = 500;

    // Pipeline: the time that a purchase may wait for a lock, while all purchases behind it wait too.
    // Then it makes room for them and is sent again. 0 means no limit.
    int lock_ms_max = 100;

    // The client waits before another attempt, for a random time between 0 and a bound. The bound is
    // pause_ms_min at first and doubles with each attempt, up to pause_ms_max.
    int pause_ms_min = 4;
    int pause_ms_max = 1000;

    // The pool closes a connection that was idle for longer, because a firewall may have forgotten it.
    int idle_ms_max = 300000;

    vend::prepare prepare = vend::prepare::automatic;

    // Called after each attempt, by the thread that made it, when the connection has been given back.
    // Calls by several threads overlap. It must not throw.
    std::function<void(const attempt_event &)> on_attempt = {};
};

} // namespace vend
