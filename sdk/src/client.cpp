// A client sends a call until it is answered.
//
// Each attempt has an in-doubt window: from the moment it is sent until its answer arrives. When the
// connection breaks in that window, the server may have carried out the call, may still do so, or may
// never get it. The client cannot know. So every call carries an id, and so does each further attempt:
// the server answers an id that it has recorded with what took place under it.
//
// What must stay true:
// - All attempts of a call have the same id and the same parameters, except `remember`.
// - When the caller hears of a refusal, no earlier attempt can succeed any more. After a doubt, a
//   purchase is sent with `remember`, which records the refusal under the id. Other calls have no
//   `remember`: make_final() makes their ids void. When that finds that an earlier attempt took place,
//   the call is sent once more, to learn the answer of that attempt.
// - An error is in doubt unless the server said that nothing took place, or was never asked.
// - on_attempt is called after the connection has been given back, so that it may use the client.
//
// Each thread has its own call, deadline and connection. Threads share the pool. docs/sdk.md, "What
// happens when no answer comes".

#include <vend/client.hpp>

#include "call.hpp"
#include "commit_fate.hpp"
#include "lease.hpp"
#include "retry.hpp"
#include "status.hpp"

#include <utility>

namespace vend {
namespace {

// Reports one attempt to options.on_attempt.
class attempt_report {
  public:
    attempt_report(const options &limits, std::string_view name, int attempt,
                   const std::optional<uuid> &id)
        : limits_(limits), event_{name, {}, {}, attempt, id} {}
    void end(std::string_view outcome);

  private:
    const options &limits_;
    attempt_event event_;
    instant start_ = std::chrono::steady_clock::now();
};

} // namespace

client::client(const std::string &conninfo, vend::options options)
    : pool_(std::make_shared<vend::pool>(conninfo, std::move(options))) {}

client::client(std::shared_ptr<vend::pool> pool) : pool_(std::move(pool)) {}

client client::stopped_by(std::stop_token stop) const {
    client copy = *this;
    copy.stop_ = std::move(stop);
    return copy;
}

rows client::run(call what) {
    pool_->require_no_transaction();
    const deadline until(pool_->options().call_ms_max, stop_);
    for (bool is_in_doubt = false;;) {
        try {
            rows found = repeat(what, until, is_in_doubt);
            if (!is_in_doubt || what.can_remember()) return found;
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

// Makes attempts until one is answered. is_in_doubt becomes true when one of them may have taken place.
rows client::repeat(call &what, const deadline &until, bool &is_in_doubt) {
    const options &limits = pool_->options();
    pauses between(limits);
    last_reason reason;
    for (int attempt = 1;; ++attempt) {
        attempt_report report(limits, what.name, attempt, what.id());
        try {
            rows found = lease(*pool_, until)->ask(what, until, until.within(limits.attempt_ms_max));
            report.end(what.id() ? found.get(0, 0).value_or("ok") : "ok");
            return found;
        } catch (error &failure) {
            report.end(failure.sqlstate());
            is_in_doubt = is_in_doubt || failure.is_in_doubt();
            reason.note(failure);
            if (!is_transient(failure) || until.has_passed()) {
                failure.set_call(what.id(), attempt, is_in_doubt);
                reason.rethrow(failure);
            }
            if (is_in_doubt && what.can_remember()) what.remember_refusal();
        }
        until.pause(between.next_ms());
    }
}

// After a doubt, makes the ids of a refused call void. False: an earlier attempt has taken place
// meanwhile.
bool client::make_final(const call &what, const std::vector<uuid> &ids, const deadline &until) {
    if (ids.empty()) return true;
    call voiding = void_call(ids, what.store());
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
        attempt_report report(limits, "transaction", attempt, std::nullopt);
        std::optional<written_transaction> sent;
        bool may_be_committed_by_others = false;
        try {
            {
                const lease on(*pool_, until);
                (void)on->execute("BEGIN", {}, until, until.at(), false);
                vend::transaction tx(*on, until, limits, may_be_committed_by_others);
                body(tx);
                tx.require_open();
                commit_ticket ticket = ask_before_commit(*on, until);
                tx.server_pid_ = std::move(ticket.server_pid);
                sent = std::move(ticket.written);
                // COMMIT does not get the whole time of the call: some is left to look up its fate.
                const rows done =
                    on->execute("COMMIT", {}, until, until.within(limits.attempt_ms_max), false);
                if (done.command() != "COMMIT")
                    throw local_error("25P02", "the transaction was rolled back", "COMMIT");
            }
            report.end("ok"); // after the end of the lease
            return;
        } catch (error &failure) {
            report.end(failure.sqlstate());
            reason.note(failure);
            fate found = may_be_committed_by_others ? fate::unknown : fate::aborted;
            // Here comes the in-doubt window: COMMIT was sent, and there is no answer.
            if (sent && failure.is_in_doubt()) found = fate_of(*pool_, *sent, until);
            if (found == fate::committed) return;
            if (found == fate::unknown || !is_transient(failure) || until.has_passed()) {
                failure.set_call(std::nullopt, attempt, found == fate::unknown);
                reason.rethrow(failure);
            }
        }
        until.pause(between.next_ms());
    }
}

const std::optional<std::string> &client::default_store() const {
    return pool_->options().store;
}

namespace {

void attempt_report::end(std::string_view outcome) {
    if (!limits_.on_attempt) return;
    const auto time = std::chrono::steady_clock::now() - start_;
    event_.duration = std::chrono::duration_cast<std::chrono::microseconds>(time);
    event_.outcome = outcome;
    limits_.on_attempt(event_);
}

} // namespace
} // namespace vend
