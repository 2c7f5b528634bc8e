// Here is the in-doubt window of a transaction: COMMIT has been sent, and its answer has not come. The
// server knows what became of the transaction, by its xid. But the client may now speak to another
// server, or to the same one after a crash, where a lost transaction's xid may have been given to
// somebody else. So before COMMIT the client notes the timeline, which changes when a standby is
// promoted, and the time when the server's statistics began, which changes when it crashes.
//
// What must stay true: "committed" is believed only from the server that ran the transaction, in the
// same life, and after the synchronous standbys have it too. "aborted" is believed from the same
// timeline: whoever has the xid now, the commit that was lost is not there. Everything else is unknown,
// and the caller's error says that the transaction is in doubt. docs/sdk.md, "Your own transaction".

#include "commit_fate.hpp"

#include "lease.hpp"
#include "retry.hpp"

#include <algorithm>

namespace vend {
namespace {

#define TIMELINE "substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8)"
#define COUNTED_SINCE "extract(epoch FROM pg_catalog.pg_stat_get_bgwriter_stat_reset_time())"
constexpr char ticket_sql[] = "SELECT pg_catalog.pg_current_xact_id_if_assigned(), "
                              "CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN " TIMELINE
                              " END, " COUNTED_SINCE ", pg_catalog.pg_backend_pid(), "
                              "pg_catalog.current_setting('synchronous_commit')";
// The COMMIT's wait for the synchronous standbys may have been cancelled. So the query waits for them
// once more: it writes a message, which comes later in the log, and commits with the same
// synchronous_commit.
constexpr char fate_sql[] =
    "SELECT pg_catalog.pg_xact_status($1::xid8), " TIMELINE ", " COUNTED_SINCE ", "
    "CASE pg_catalog.pg_xact_status($1::xid8) WHEN 'committed' THEN "
    "pg_catalog.pg_logical_emit_message(true, 'vend'::text, ''::text) END, "
    "pg_catalog.set_config('synchronous_commit', $2, true)";
#undef COUNTED_SINCE
#undef TIMELINE

fate fate_from(const rows &found, const written_transaction &what);

} // namespace

commit_ticket ask_before_commit(connection &on, const deadline &until) {
    const rows found = on.execute(ticket_sql, {}, until, until.at(), true);
    return read_answer(ticket_sql, {}, [&] {
        const auto text = [&](std::size_t column) {
            return std::string(found.get(0, column).value_or(""));
        };
        commit_ticket ticket{.server_pid = text(3), .written = {}};
        if (found.get(0, 0)) ticket.written = {text(0), text(1), text(2), text(4)};
        return ticket;
    });
}

fate fate_of(pool &from, const written_transaction &what, const deadline &call) {
    const options &limits = from.options();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        call.at() - std::chrono::steady_clock::now());
    const int left_ms = call.is_stopped() ? 0 : static_cast<int>(left.count());
    const deadline until(std::max(left_ms, limits.cancel_ms_max));
    pauses between(limits);
    while (!until.has_passed()) {
        try {
            const lease on(from, until);
            const std::optional<std::string> values[] = {what.xid, what.synchronous_commit};
            const rows row =
                on->execute(fate_sql, values, until, until.within(limits.attempt_ms_max), false);
            const fate found = read_answer(fate_sql, {}, [&] { return fate_from(row, what); });
            if (found != fate::in_progress) return found;
        } catch (const error &failure) {
            if (!is_transient(failure)) return fate::unknown;
        }
        until.pause(between.next_ms());
    }
    return fate::unknown;
}

namespace {

fate fate_from(const rows &found, const written_transaction &what) {
    const auto status = found.get(0, 0);
    if (found.get(0, 1) != what.timeline) return fate::unknown;
    if (status == "aborted") return fate::aborted;
    if (!status || found.get(0, 2) != what.counted_since) return fate::unknown;
    return status == "committed" ? fate::committed : fate::in_progress;
}

} // namespace
} // namespace vend
