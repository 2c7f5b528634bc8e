#pragma once
// Limits and habits of a client; every one has a default.

#include <vend/uuid.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace vend {

// Whether statements are prepared on the server, which saves a third of the server's time for a short
// call. Behind a pooler in transaction mode the next statement may meet another server process that
// knows nothing of them.
enum class prepare {
    automatic, // unless a pooler stands between
    never,
    always,
};

// One attempt of one call, for tracing and metrics.
struct attempt_event {
    std::string_view name;    // of the call: "try_purchase", "commit", ...
    std::string_view outcome; // a status, "ok", or an SQLSTATE
    std::chrono::microseconds duration;
    int attempt; // from 1
    std::optional<uuid> id;
};

struct options {
    // The store of calls that name none. Not needed where there is one store.
    std::optional<std::string> store = {};

    // Connections of the pool. They are made when they are needed.
    int connections_max = 10;

    // Threads that may wait for a connection; one more gets 53300 at once.
    int waiters_max = 10000;

    // From the call to its answer, all attempts and pauses included; after that 57014. A transaction:
    // the whole of it, but no longer than the caller's own code takes.
    int call_ms_max = 30000;

    // One attempt; then it is cancelled, and another one made while there is time.
    int attempt_ms_max = 10000;

    // To connect to one host. Looking up its name is not bounded by this.
    int connect_ms_max = 5000;

    // How long a cancelled attempt is given to say what has come of it.
    int cancel_ms_max = 500;

    // Of a pipeline: how long a purchase may wait for a lock, for which all behind it wait too. Then it
    // makes room and is sent again. 0: for as long as it takes.
    int lock_ms_max = 100;

    // The pause before another attempt is drawn between 0 and a bound, which begins at the first and
    // doubles up to the second.
    int pause_ms_min = 4;
    int pause_ms_max = 1000;

    // A connection that was idle for longer is closed rather than used: a firewall may have forgotten
    // it.
    int idle_ms_max = 300000;

    vend::prepare prepare = vend::prepare::automatic;

    // Is called after each attempt, by the thread that made it, and must not throw. Calls of several
    // threads overlap. The connection has been given back.
    std::function<void(const attempt_event &)> on_attempt = {};
};

} // namespace vend
