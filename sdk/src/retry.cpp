// Whether to try again is decided by the failure, in is_transient(), and for all callers alike: calls,
// transactions, pipelines.
//
// A failure has one of three origins. The server names its reason by an SQLSTATE. libpq has none for a
// connection that broke or could not be made, so the library gives it one of class 08. And the library
// itself finds answers that are late, missing or unreadable; those have types of their own here, because
// their SQLSTATEs also come from servers, where they mean something else: 57014 is also a
// statement_timeout, which another attempt would meet again.
//
// PgBouncer gives the SQLSTATE 08P01 to nearly everything it says. Only its words tell a wrong password
// from a server that is starting. It does not translate them, so they can be compared.
//
// What must stay true: a message that is not known here is not transient. A caller who hears of a
// passing fault at once can try again. A caller who waits half a minute to hear of a wrong password has
// lost that time.

#include "retry.hpp"

#include "libpq.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <span>
#include <utility>

namespace vend {
namespace {

// A connection that was refused for good.
bool is_refused(const error &failure);
bool is_passing(std::string_view pooler_message);
bool is_out_of_time(const error &failure);
template <typename Failure>
Failure made(const char *sqlstate, const char *message, std::string_view sql, bool is_in_doubt);

} // namespace

bool is_transient(const error &failure) {
    constexpr std::array<std::string_view, 7> codes{"40001", "40P01", "57P01", "57P02",
                                                    "57P03", "57P05", "25006"};
    const std::string_view sqlstate = failure.sqlstate();
    if (dynamic_cast<const unanswered *>(&failure) != nullptr) return true;
    if (dynamic_cast<const unreadable *>(&failure) != nullptr) return false;
    if (sqlstate.starts_with("08")) return !is_refused(failure);
    return std::ranges::find(codes, sqlstate) != codes.end() ||
           // FATAL: the server is full. The pool throws the same code when its line is full, which is
           // final.
           (sqlstate == "53300" && failure.diagnostics().severity == "FATAL");
}

unreadable::unreadable(std::string_view reason, std::string_view sql, const std::optional<uuid> &id)
    : error({.sqlstate = "08P01",
             .severity = "ERROR",
             .message = "the answer cannot be read",
             .detail = std::string(reason),
             .hint = "The library and the extension must have the same version.",
             .query = std::string(sql)}) {
    set_call(id, 1, true);
}

out_of_time no_answer_in_time(std::string_view sql, bool is_in_doubt) {
    return made<out_of_time>("57014", "no answer in time", sql, is_in_doubt);
}

out_of_time no_connection_in_time(bool is_stopped) {
    return made<out_of_time>(is_stopped ? "57014" : "08001", "no connection in time", {}, false);
}

unanswered out_of_step(std::string_view sql) {
    return made<unanswered>("08P01", "client and server are out of step", sql, true);
}

unanswered perhaps_not_on_standby(std::string_view sql) {
    return made<unanswered>("40003", "the wait for the synchronous standby was cancelled", sql, true);
}

void last_reason::note(const error &failure) {
    if (!is_out_of_time(failure)) reason_ = std::make_shared<const diagnostics>(failure.diagnostics());
}

error last_reason::added_to(const error &failure) const {
    diagnostics fields = failure.diagnostics();
    if (reason_) fields.detail = "the last reason was " + reason_->sqlstate + ", " + reason_->message;
    error explained(std::move(fields));
    explained.set_call(failure.id(), failure.attempts(), failure.is_in_doubt());
    return explained;
}

void last_reason::rethrow(error &failure) const {
    if (reason_ && is_out_of_time(failure)) throw added_to(failure);
    throw;
}

pauses::pauses(const options &limits, int attempts)
    : bound_ms_(std::max(limits.pause_ms_min, 1)), bound_ms_max_(std::max(limits.pause_ms_max, 1)) {
    while (--attempts > 0) grow();
}

int pauses::next_ms() {
    static thread_local std::minstd_rand chance{std::random_device{}()};
    const int ms = std::uniform_int_distribution(0, bound_ms_)(chance);
    grow();
    return ms;
}

void pauses::grow() {
    bound_ms_ = std::min(bound_ms_ > bound_ms_max_ / 2 ? bound_ms_max_ : 2 * bound_ms_, bound_ms_max_);
}

namespace {

// A connection that is refused has no statement yet; an error of an established one has.
bool is_refused(const error &failure) {
    const diagnostics &fields = failure.diagnostics();
    return fields.sqlstate == "08P01" && fields.severity == "FATAL" && fields.query.empty() &&
           !is_passing(fields.message);
}

bool has_any(std::string_view text, std::span<const std::string_view> parts) {
    return std::ranges::any_of(parts,
                               [&](auto part) { return text.find(part) != std::string_view::npos; });
}

// Before 1.20, PgBouncer quotes the error of its server as "server login failed", without the SQLSTATE.
bool is_passing(std::string_view pooler_message) {
    static constexpr std::array<std::string_view, 10> passing{"server login has been failing",
                                                              "client_login_timeout",
                                                              "no more connections allowed",
                                                              "shutting down",
                                                              "conn crashed",
                                                              "query_wait_timeout",
                                                              "pause failed",
                                                              "resources exhaustion",
                                                              "out of memory",
                                                              "cannot connect"};
    static constexpr std::array<std::string_view, 7> lasting{"does not exist",
                                                             "authentication failed",
                                                             "pg_hba.conf",
                                                             "permission denied",
                                                             "not permitted to log in",
                                                             "password",
                                                             "SASL"};
    if (has_any(pooler_message, passing)) return true;
    return pooler_message.find("server login failed") != std::string_view::npos &&
           !has_any(pooler_message, lasting);
}

bool is_out_of_time(const error &failure) {
    return dynamic_cast<const out_of_time *>(&failure) != nullptr ||
           // The call has waited in the pool's line until its time was over.
           (failure.sqlstate() == "53300" && failure.diagnostics().severity != "FATAL");
}

template <typename Failure>
Failure made(const char *sqlstate, const char *message, std::string_view sql, bool is_in_doubt) {
    Failure failure(local_error(sqlstate, message, sql).diagnostics());
    failure.set_call({}, 1, is_in_doubt);
    return failure;
}

} // namespace
} // namespace vend
