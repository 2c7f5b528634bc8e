#include <vend/client.hpp>

#include "call.hpp"
#include "lease.hpp"
#include "retry.hpp"
#include "words.hpp"

#include <algorithm>
#include <utility>

namespace vend {
namespace {

// Tells options.on_attempt how an attempt went.
class observed {
  public:
    observed(const options &limits, std::string_view name, int attempt, const std::optional<uuid> &id)
        : limits_(limits), event_{name, {}, {}, attempt, id} {}
    void end(std::string_view outcome) {
        if (!limits_.on_attempt) return;
        const auto time = std::chrono::steady_clock::now() - start_;
        event_.duration = std::chrono::duration_cast<std::chrono::microseconds>(time);
        event_.outcome = outcome;
        limits_.on_attempt(event_);
    }

  private:
    const options &limits_;
    attempt_event event_;
    instant start_ = std::chrono::steady_clock::now();
};

// A COMMIT under way, as it can be looked up: the transaction, and the life of its server. A server that
// was promoted has another timeline; one that crashed counts its statistics anew. Both may give the ids
// of transactions that were lost to others. And what it was to wait for.
struct commit {
    std::string xid;
    std::string timeline;
    std::string counted_since;
    std::string synchronous_commit;
};
#define TIMELINE "substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8)"
#define COUNTED_SINCE "extract(epoch FROM pg_catalog.pg_stat_get_bgwriter_stat_reset_time())"
constexpr auto xid_sql = "SELECT pg_catalog.pg_current_xact_id_if_assigned(), "
                         "CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN " TIMELINE
                         " END, " COUNTED_SINCE ", pg_catalog.pg_backend_pid(), "
                         "pg_catalog.current_setting('synchronous_commit')";
// What is committed is so on this server; its wait for the synchronous standbys may have been cancelled.
// The look-up waits for them once more: it writes a message, which comes later in the log.
constexpr auto fate_sql = "SELECT pg_catalog.pg_xact_status($1::xid8), " TIMELINE ", " COUNTED_SINCE ", "
                          "CASE pg_catalog.pg_xact_status($1::xid8) WHEN 'committed' THEN "
                          "pg_catalog.pg_logical_emit_message(true, 'vend'::text, ''::text) END, "
                          "pg_catalog.set_config('synchronous_commit', $2, true)";
#undef COUNTED_SINCE
#undef TIMELINE

enum class fate { committed, aborted, in_progress, unknown };

// None where nothing was written.
std::optional<commit> commit_from(const rows &found) {
    const auto text = [&](std::size_t column) { return std::string(found.get(0, column).value_or("")); };
    if (!found.get(0, 0)) return std::nullopt;
    return commit{text(0), text(1), text(2), text(4)};
}

fate fate_from(const rows &found, const commit &what) {
    const auto status = found.get(0, 0);
    if (found.get(0, 1) != what.timeline) return fate::unknown;
    // Whoever has the id now, the commit of the one that was lost is not there.
    if (status == "aborted") return fate::aborted;
    if (!status || found.get(0, 2) != what.counted_since) return fate::unknown;
    return status == "committed" ? fate::committed : fate::in_progress;
}

// What has come of a transaction whose COMMIT was not answered. Even when the time of the call is over,
// a little of it is left for this.
fate fate_of(pool &from, const commit &what, const deadline &call) {
    const options &limits = from.options();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        call.at() - std::chrono::steady_clock::now());
    const int left_ms = call.is_stopped() ? 0 : static_cast<int>(left.count());
    const deadline until(std::max(left_ms, limits.cancel_ms_max));
    pauses between(limits);
    while (!until.has_passed()) {
        try {
            const lease on(from, until);
            const std::optional<std::string> of[] = {what.xid, what.synchronous_commit};
            const rows row =
                on->execute(fate_sql, of, until, until.within(limits.attempt_ms_max), false);
            const fate found = read_answer(fate_sql, {}, [&] { return fate_from(row, what); });
            if (found != fate::in_progress) return found;
        } catch (const error &failure) {
            if (!is_transient(failure)) return fate::unknown;
        }
        until.pause(between.next_ms());
    }
    return fate::unknown;
}

} // namespace

client::client(const std::string &conninfo, vend::options options)
    : pool_(std::make_shared<vend::pool>(conninfo, std::move(options))) {}

client::client(std::shared_ptr<vend::pool> pool) : pool_(std::move(pool)) {}

client client::stopped_by(std::stop_token stop) const {
    client copy = *this;
    copy.stop_ = std::move(stop);
    return copy;
}

const std::optional<std::string> &client::default_store() const {
    return pool_->options().store;
}

rows client::run(call what) {
    pool_->require_no_transaction();
    const deadline until(pool_->options().call_ms_max, stop_);
    for (bool is_in_doubt = false;;) {
        try {
            rows found = repeat(what, until, is_in_doubt);
            if (!is_in_doubt || what.remember >= 0) return found;
            const auto refused_ids =
                read_answer(what.sql, what.id(), [&] { return what.refused_by(found); });
            if (make_final(what, refused_ids, until)) return found;
        } catch (refused &failure) {
            if (is_in_doubt && !make_final(what, what.ids, until)) continue;
            failure.set_call(what.id(), failure.attempts(), false);
            throw;
        }
    }
}

// Until there is an answer.
rows client::repeat(call &what, const deadline &until, bool &is_in_doubt) {
    const options &limits = pool_->options();
    pauses between(limits);
    last_reason reason;
    for (int attempt = 1;; ++attempt) {
        observed observation(limits, what.name, attempt, what.id());
        try {
            rows found = lease(*pool_, until)->ask(what, until, until.within(limits.attempt_ms_max));
            observation.end(what.id() ? found.get(0, 0).value_or("ok") : "ok");
            return found;
        } catch (error &failure) {
            observation.end(failure.sqlstate());
            is_in_doubt = is_in_doubt || failure.is_in_doubt();
            reason.note(failure);
            if (!is_transient(failure) || until.has_passed()) {
                failure.set_call(what.id(), attempt, is_in_doubt);
                reason.rethrow(failure);
            }
            // What is still on its way must find the id taken, if this one is refused.
            if (is_in_doubt && what.remember >= 0)
                what.parameters[static_cast<std::size_t>(what.remember)] = "true";
        }
        until.pause(between.next_ms());
    }
}

// What was refused after a doubt: no attempt that is still on its way may succeed. False where one has
// meanwhile, and the call must be asked once more.
bool client::make_final(const call &what, const std::vector<uuid> &ids, const deadline &until) {
    if (ids.empty()) return true;
    call voiding = void_call(ids, what.parameters.back());
    bool is_in_doubt = false;
    try {
        (void)repeat(voiding, until, is_in_doubt);
        return true;
    } catch (error &failure) {
        if (failure.sqlstate() == sqlstate_of(status::id_mismatch)) return false;
        failure.set_call(what.id(), failure.attempts(), true);
        throw;
    }
}

void client::run_transaction(const std::function<void(vend::transaction &)> &body) {
    const options &limits = pool_->options();
    pool_->require_no_transaction();
    const deadline until(limits.call_ms_max, stop_);
    pauses between(limits);
    last_reason reason;
    for (int attempt = 1;; ++attempt) {
        observed observation(limits, "transaction", attempt, std::nullopt);
        std::optional<commit> sent;
        bool may_be_committed = false; // by somebody else than us
        try {
            {
                const lease on(*pool_, until);
                (void)on->execute("BEGIN", {}, until, until.at(), false);
                vend::transaction tx(*on, until, limits, may_be_committed);
                body(tx);
                tx.require_open();
                const rows xid = on->execute(xid_sql, {}, until, until.at(), true);
                sent = read_answer(xid_sql, {}, [&] {
                    tx.server_ = std::string(xid.get(0, 3).value_or("0"));
                    return commit_from(xid);
                });
                // Not until the end: what came of it can be looked up.
                const rows done =
                    on->execute("COMMIT", {}, until, until.within(limits.attempt_ms_max), false);
                if (done.command() != "COMMIT")
                    throw local_error("25P02", "the transaction was rolled back", "COMMIT");
            }
            observation.end("ok"); // when others can have the connection
            return;
        } catch (error &failure) {
            observation.end(failure.sqlstate());
            reason.note(failure);
            fate what_came = may_be_committed ? fate::unknown : fate::aborted;
            if (sent && failure.is_in_doubt()) what_came = fate_of(*pool_, *sent, until);
            if (what_came == fate::committed) return;
            if (what_came == fate::unknown || !is_transient(failure) || until.has_passed()) {
                failure.set_call(std::nullopt, attempt, what_came == fate::unknown);
                reason.rethrow(failure);
            }
        }
        until.pause(between.next_ms());
    }
}

} // namespace vend
