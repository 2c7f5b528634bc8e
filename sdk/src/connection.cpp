// One session of the server, used by one thread at a time.
//
// libpq's own blocking calls have no limits of time. So everything here is sent without blocking, and
// every wait is a poll() with an end (deadline.hpp). When an attempt reaches its end, the statement is
// cancelled, and the server gets a little more time (limits.cancel_ms_max) to answer what became of it.
// A server that keeps sending makes every poll() succeed, so each loop also looks at the clock.
//
// What must stay true:
// - An answer counts when the server has said that it is ready for the next statement. An error that
//   is thrown before that is in doubt.
// - A success after a cancel does not count: it may be a COMMIT that the synchronous standby lacks.
// - A session is never used again after a cancel, after an answer that nobody asked for, or when it is
//   not known to be as the next caller expects it. is_broken_ says so, and the pool then closes the
//   session.
// - What has to be done before the caller's statement is sent, such as preparing, fails without doubt.
//
// The only other thread is the one that delivers a cancel request.

#include "connection.hpp"

#include "retry.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <poll.h>
#include <thread>
#include <utility>

namespace vend {
namespace {

constexpr int text_format = 0;
constexpr auto find_pooler_sql = "SELECT pg_catalog.pg_backend_pid()";

// libpq opens a connection of its own for a cancel request, without a limit of time. So each request has
// a thread. Where a host does not answer, threads may hang; no more of them are started than this.
constexpr int cancels_max = 16;
std::atomic<int> cancels{0}; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

bool is_about_preparing(const PGresult *result);

// Does work that comes before the caller's statement is sent: an error of it is not in doubt.
template <typename Work> auto beforehand(Work work) {
    try {
        return work();
    } catch (error &failure) {
        failure.set_call({}, 1, false);
        throw;
    }
}

} // namespace

connection::connection(const conninfo &where, const options &limits, const deadline &until)
    : limits_(limits) {
    last_reason reason;
    std::exception_ptr transient;
    for (std::size_t host = 0;; ++host) {
        try {
            connect(where, host, until);
            break;
        } catch (error &failure) {
            reason.note(failure);
            if (is_transient(failure)) transient = std::current_exception();
            if (host + 1 < where.hosts() && !until.has_passed()) continue;
            if (transient && !is_transient(failure)) std::rethrow_exception(transient);
            reason.rethrow(failure);
        }
    }
    beforehand([&] { find_pooler(until); });
    may_prepare_ =
        limits_.prepare == prepare::always || (limits_.prepare == prepare::automatic && !is_pooled_);
}

rows connection::execute(const char *sql, parameters values, const deadline &until, instant attempt_end,
                         bool is_repeated) {
    require_sendable(values, sql);
    if (until.has_passed()) throw no_answer_in_time(sql, false);
    const char *prepared = nullptr;
    if (is_repeated && may_prepare_)
        prepared = beforehand([&] { return prepared_name(sql, until, attempt_end); });
    send(sql, values, prepared);
    const result_ptr result = answer(sql, until, attempt_end);
    used_at_ = std::chrono::steady_clock::now();
    if (!is_error(result.get())) return rows(result);
    if (prepared != nullptr && is_about_preparing(result.get())) break_off(out_of_step(sql));
    throw_error(result.get(), connection_.get(), sql);
}

rows connection::ask(const call &what, const deadline &until, instant attempt_end) {
    rows found = execute(what.sql, what.parameters, until, attempt_end, true);
    if (what.is_answered_by(found)) return found;
    break_off(out_of_step(what.sql));
}

void connection::roll_back(const deadline &until) noexcept {
    if (is_broken() || is_idle()) return;
    try {
        (void)execute("ROLLBACK", {}, until, until.at(), false);
    } catch (const std::exception &) {
        give_up();
    }
}

// This is DISCARD ALL without its DEALLOCATE and DISCARD PLANS: the statements that the library has
// prepared stay. A pooler in transaction mode may give the statement to another session, where it does
// nothing.
void connection::restore(const std::optional<std::string> &pid, const deadline &until) noexcept {
    try {
        if (is_broken()) return;
        if (!pid && is_pooled_) return give_up();
        const std::string server = pid.value_or(std::to_string(PQbackendPID(connection_.get())));
        const std::string sql =
            "DO $$ DECLARE statement text; BEGIN IF pg_catalog.pg_backend_pid() = " + server +
            " THEN EXECUTE 'CLOSE ALL'; RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; UNLISTEN *; "
            "PERFORM pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES; "
            "FOR statement IN SELECT name FROM pg_catalog.pg_prepared_statements WHERE from_sql "
            "LOOP EXECUTE pg_catalog.format('DEALLOCATE %I', statement); END LOOP; END IF; END $$";
        (void)execute(sql.c_str(), {}, until, until.at(), false);
    } catch (const std::exception &) {
        give_up();
    }
}

bool connection::is_in_transaction() const {
    return !is_broken() && PQtransactionStatus(connection_.get()) == PQTRANS_INTRANS;
}

bool connection::is_broken() const {
    return is_broken_ || notices_.is_out_of_step || PQstatus(connection_.get()) != CONNECTION_OK;
}

bool connection::is_idle() const {
    return !is_broken() && PQtransactionStatus(connection_.get()) == PQTRANS_IDLE;
}

bool connection::is_alive() {
    pollfd file{PQsocket(connection_.get()), POLLIN, 0};
    if (poll(&file, 1, 0) > 0) {
        if (PQconsumeInput(connection_.get()) == 0) return false;
        // One look reads all notices of a server. The pool is locked meanwhile, so a flood is not read
        // to its end.
        if (poll(&file, 1, 0) > 0) return false;
    }
    (void)PQisBusy(connection_.get()); // so that libpq notices the messages
    return !is_broken();
}

void connection::connect(const conninfo &where, std::size_t host, const deadline &until) {
    const instant end = until.within(limits_.connect_ms_max);
    connection_ = where.start(host);
    notices_ = {};
    watch_notices(connection_.get(), &notices_);
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    for (bool is_over = false; PQstatus(connection_.get()) != CONNECTION_BAD &&
                               next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED;) {
        const short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (is_over || !until.wait(PQsocket(connection_.get()), events, end))
            throw no_connection_in_time(until.is_stopped());
        // A server that keeps sending makes every wait succeed.
        is_over = std::chrono::steady_clock::now() >= end;
        next = PQconnectPoll(connection_.get());
    }
    if (PQstatus(connection_.get()) != CONNECTION_OK) throw not_connected(connection_.get());
    if (notices_.is_out_of_step) beforehand([] { throw out_of_step({}); });
    used_at_ = std::chrono::steady_clock::now();
    if (PQsetnonblocking(connection_.get(), 1) != 0) throw lost(connection_.get(), {});
}

// A pooler gives libpq a process that it has made up. The server names its own.
void connection::find_pooler(const deadline &until) {
    const rows found = execute(find_pooler_sql, {}, until, until.within(limits_.connect_ms_max), false);
    is_pooled_ = read_answer(find_pooler_sql, {}, [&] {
        return found.get(0, 0) != std::to_string(PQbackendPID(connection_.get()));
    });
}

const char *connection::prepared_name(const char *sql, const deadline &until, instant attempt_end) {
    const auto found = prepared_.find(sql);
    if (found != prepared_.end()) return found->second.c_str();
    std::string name = "vend_" + std::to_string(prepared_total_++);
    if (PQsendPrepare(connection_.get(), name.c_str(), sql, 0, nullptr) == 0)
        break_off(lost(connection_.get(), sql));
    const result_ptr result = answer(sql, until, attempt_end);
    if (is_about_preparing(result.get())) break_off(out_of_step(sql));
    if (is_error(result.get())) throw_error(result.get(), connection_.get(), sql);
    return prepared_.emplace(sql, std::move(name)).first->second.c_str();
}

void connection::send(const char *sql, parameters values, const char *prepared) {
    const auto texts = c_strings(values);
    const int count = static_cast<int>(texts.size());
    notices_.is_perhaps_not_on_standby = false;
    const int sent =
        prepared != nullptr
            ? PQsendQueryPrepared(connection_.get(), prepared, count, texts.data(), nullptr, nullptr, 0)
            : PQsendQueryParams(connection_.get(), sql, count, nullptr, texts.data(), nullptr, nullptr,
                                text_format);
    if (sent == 0) break_off(in_doubt(lost(connection_.get(), sql)));
}

// Returns the result, or the first error. Then the session is ready for the next statement, or broken. A
// result alone says nothing, because the commit comes after it: the server must also have said that it
// is ready.
result_ptr connection::answer(std::string_view sql, const deadline &until, instant attempt_end) {
    PGconn *raw = connection_.get();
    instant end = attempt_end;
    bool is_cancelled = false;
    result_ptr found;
    for (;;) {
        // A server may also send results without an end.
        const bool is_late = found && std::chrono::steady_clock::now() >= end;
        if (is_late || !wait_for_answer(is_cancelled ? nullptr : &until, end)) {
            if (is_cancelled) break_off(no_answer_in_time(sql, true));
            cancel();
            is_cancelled = true;
            end = deadline::after(limits_.cancel_ms_max);
            continue;
        }
        result_ptr next = own(PQgetResult(raw));
        if (!next) break;
        if (is_copy(next.get())) break_off(in_doubt(copy_not_supported(sql)));
        if (!found || !is_error(found.get())) found = next;
        // An error of libpq itself: it can understand nothing that follows.
        if (is_error(next.get()) && sqlstate_of(next.get()).empty()) {
            is_broken_ = true;
            break;
        }
    }
    (void)PQisBusy(raw); // so that libpq notices messages after the end
    if (PQstatus(raw) != CONNECTION_OK || !found) is_broken_ = true;
    if (!found) throw out_of_step(sql);
    if (is_cancelled && sqlstate_of(found.get()) == "57014") throw no_answer_in_time(sql, false);
    if (!is_error(found.get())) require_durable(sql, is_cancelled);
    return found;
}

// Returns true when everything was sent and an answer is there, or when the connection broke. False: the
// time was over first, though the server may have sent something else all the while.
bool connection::wait_for_answer(const deadline *until, instant end) {
    PGconn *raw = connection_.get();
    for (bool is_over = false;;) {
        const int unsent = PQflush(raw);
        if (unsent < 0 && PQstatus(raw) != CONNECTION_OK) return true;
        if (unsent <= 0 && PQisBusy(raw) == 0) return true;
        const short events = unsent > 0 ? POLLIN | POLLOUT : POLLIN;
        const bool is_ready = until != nullptr ? until->wait(PQsocket(raw), events, end)
                                               : deadline::wait_despite_stop(PQsocket(raw), events, end);
        if (!is_ready || is_over) return false;
        is_over = std::chrono::steady_clock::now() >= end;
        if (PQconsumeInput(raw) == 0) return true;
    }
}

// Throws when the server may lose what it has just committed. A COMMIT whose wait for the synchronous
// standbys is cancelled, by us or by somebody else, reports success all the same. The server warns of
// it, but the session may have warnings switched off; so after a cancel of our own, no success counts.
void connection::require_durable(std::string_view sql, bool is_cancelled) {
    const bool is_in_transaction = PQtransactionStatus(connection_.get()) == PQTRANS_INTRANS;
    if (is_cancelled && !is_in_transaction) break_off(no_answer_in_time(sql, true));
    if (notices_.is_perhaps_not_on_standby) break_off(perhaps_not_on_standby(sql));
}

// The request may reach the server after the statement has ended, or a second time. It must not meet
// another statement, so the session is given up.
void connection::cancel() {
    is_broken_ = true;
    cancel_ptr request(PQgetCancel(connection_.get()));
    if (!request) return;
    if (++cancels > cancels_max) {
        --cancels;
        return;
    }
    std::thread([request = std::move(request)] {
        char reason[256];
        (void)PQcancel(request.get(), reason,
                       sizeof reason); // its result does not matter: the answer decides
        --cancels;
    }).detach();
}

namespace {

// A prepared statement exists already, or no longer: somebody else uses the session too.
bool is_about_preparing(const PGresult *result) {
    return sqlstate_of(result) == "42P05" || sqlstate_of(result) == "26000";
}

} // namespace
} // namespace vend
