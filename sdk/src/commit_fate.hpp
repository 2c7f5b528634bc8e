#pragma once
// What became of a transaction whose COMMIT was not answered.

#include "connection.hpp"
#include "deadline.hpp"

#include <vend/pool.hpp>

#include <optional>
#include <string>

namespace vend {

// A transaction that has written something, as it can be found later.
struct written_transaction {
    std::string xid;
    std::string timeline;           // of the server's log: a promoted standby has another one
    std::string counted_since;      // when the server's statistics began: a crash resets them
    std::string synchronous_commit; // what COMMIT waits for
};

// What the client asks the server before it sends COMMIT.
struct commit_ticket {
    std::string server_pid;
    std::optional<written_transaction> written; // empty: nothing was written, so nothing can be lost
};
[[nodiscard]] commit_ticket ask_before_commit(connection &on, const deadline &until);

enum class fate { committed, aborted, in_progress, unknown };

// Asks until the server knows, on other connections of the pool. A little of the time is left for that
// even when the time of the call is over: options.cancel_ms_max.
[[nodiscard]] fate fate_of(pool &from, const written_transaction &what, const deadline &call);

} // namespace vend
