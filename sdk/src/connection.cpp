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

// A cancel request is a connection of its own, which libpq makes without a limit of time: it gets a
// thread of its own. Some of them may hang where a host does not answer; not more than so many.
constexpr int cancels_max = 16;
std::atomic<int> cancels{0}; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

// A prepared statement is there twice, or not at all: somebody else uses the session too.
bool is_about_preparing(const PGresult *result) {
    return sqlstate_of(result) == "42P05" || sqlstate_of(result) == "26000";
}

// Has work done that comes before the caller's statement: where it fails, that was not sent.
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
    std::exception_ptr curable;
    for (std::size_t host = 0;; ++host) {
        try {
            connect(where, host, until);
            break;
        } catch (error &failure) {
            reason.note(failure);
            if (is_transient(failure)) curable = std::current_exception();
            if (host + 1 < where.hosts() && !until.has_passed()) continue;
            if (curable && !is_transient(failure)) std::rethrow_exception(curable);
            reason.rethrow(failure);
        }
    }
    beforehand([&] { find_pooler(until); });
    may_prepare_ =
        limits_.prepare == prepare::always || (limits_.prepare == prepare::automatic && !is_pooled_);
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
        // A server that keeps sending is ready whenever it is asked.
        is_over = std::chrono::steady_clock::now() >= end;
        next = PQconnectPoll(connection_.get());
    }
    if (PQstatus(connection_.get()) != CONNECTION_OK) throw not_connected(connection_.get());
    if (notices_.is_out_of_step) beforehand([] { throw out_of_step({}); });
    used_at_ = std::chrono::steady_clock::now();
    if (PQsetnonblocking(connection_.get(), 1) != 0) throw lost(connection_.get(), {});
}

// A pooler invents the process that libpq is told about.
void connection::find_pooler(const deadline &until) {
    const rows found = execute(find_pooler_sql, {}, until, until.within(limits_.connect_ms_max), false);
    is_pooled_ = read_answer(find_pooler_sql, {}, [&] {
        return found.get(0, 0) != std::to_string(PQbackendPID(connection_.get()));
    });
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

// Everything sent and an answer there, or the connection broken; false when the time came first, also
// where the server keeps sending what is no answer.
bool connection::wait_for_answer(const deadline *until, instant end) {
    PGconn *raw = connection_.get();
    for (bool is_over = false;;) {
        const int unsent = PQflush(raw);
        if (unsent < 0 && PQstatus(raw) != CONNECTION_OK) return true;
        if (unsent <= 0 && PQisBusy(raw) == 0) return true;
        const short events = unsent > 0 ? POLLIN | POLLOUT : POLLIN;
        const bool is_ready = until != nullptr ? until->wait(PQsocket(raw), events, end)
                                               : deadline::wait_anyway(PQsocket(raw), events, end);
        if (!is_ready || is_over) return false;
        is_over = std::chrono::steady_clock::now() >= end;
        if (PQconsumeInput(raw) == 0) return true;
    }
}

// The result, or the first error; after that the session is ready for another statement, or broken.
// Without the server's word that it is ready, a result says nothing: the commit comes after it.
result_ptr connection::answer(std::string_view sql, const deadline &until, instant attempt_end) {
    PGconn *raw = connection_.get();
    instant end = attempt_end;
    bool is_cancelled = false;
    result_ptr found;
    for (;;) {
        // Results may come without an end, too.
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
        // libpq's own error: nothing that can be understood will follow.
        if (is_error(next.get()) && sqlstate_of(next.get()).empty()) {
            is_broken_ = true;
            break;
        }
    }
    (void)PQisBusy(raw); // has what came too much noticed
    if (PQstatus(raw) != CONNECTION_OK || !found) is_broken_ = true;
    if (!found) throw out_of_step(sql);
    if (is_cancelled && sqlstate_of(found.get()) == "57014") throw no_answer_in_time(sql, false);
    if (!is_error(found.get())) require_kept(sql, is_cancelled);
    return found;
}

// A success must be one that the server keeps. A COMMIT whose wait for the synchronous standbys is
// cancelled, by us or by somebody else, says success all the same. It warns, but the session may have
// warnings switched off.
void connection::require_kept(std::string_view sql, bool is_cancelled) {
    const bool is_in_transaction = PQtransactionStatus(connection_.get()) == PQTRANS_INTRANS;
    if (is_cancelled && !is_in_transaction) break_off(no_answer_in_time(sql, true));
    if (notices_.is_perhaps_not_on_standby) break_off(perhaps_not_on_standby(sql));
}

// The request may reach the server after the statement has ended, even in two parts: it must find no
// other statement.
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
        (void)PQcancel(request.get(), reason, sizeof reason); // no matter: the answer tells
        --cancels;
    }).detach();
}

void connection::roll_back(const deadline &until) noexcept {
    if (is_broken() || is_idle()) return;
    try {
        (void)execute("ROLLBACK", {}, until, until.at(), false);
    } catch (const std::exception &) {
        give_up();
    }
}

// What DISCARD ALL does, but for the statements that we have prepared, and their plans. A pooler in
// transaction mode may hand it to another session, with which it has no business.
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
        // Notices of a server fit into one look. What floods is not waited for: a pool is locked.
        if (poll(&file, 1, 0) > 0) return false;
    }
    (void)PQisBusy(connection_.get()); // has it understood
    return !is_broken();
}

} // namespace vend
