#include "retry.hpp"

#include <array>
#include <span>
#include <utility>

namespace vend {
namespace {

template <typename Failure>
Failure made(const char *sqlstate, const char *message, std::string_view sql, bool is_in_doubt) {
    Failure failure(local_error(sqlstate, message, sql).diagnostics());
    failure.set_call({}, 1, is_in_doubt);
    return failure;
}

bool has_any(std::string_view text, std::span<const std::string_view> parts) {
    return std::ranges::any_of(parts,
                               [&](auto part) { return text.find(part) != std::string_view::npos; });
}

// PgBouncer has one SQLSTATE for nearly all that it says, and no translations. Until 1.20 it gives an
// error of its server with the words only.
bool is_about_now(std::string_view message) {
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
    if (has_any(message, passing)) return true;
    return message.find("server login failed") != std::string_view::npos && !has_any(message, lasting);
}

// A connection that was turned down, not one that was lost: that has a statement.
bool is_turned_down(const error &failure) {
    const diagnostics &fields = failure.diagnostics();
    return fields.sqlstate == "08P01" && fields.severity == "FATAL" && fields.query.empty() &&
           !is_about_now(fields.message);
}

bool is_out_of_time(const error &failure) {
    return dynamic_cast<const out_of_time *>(&failure) != nullptr ||
           // Of a pool: its caller has waited in line.
           (failure.sqlstate() == "53300" && failure.diagnostics().severity != "FATAL");
}

} // namespace

unreadable::unreadable(std::string_view reason, std::string_view sql, const std::optional<uuid> &id)
    : error({.sqlstate = "08P01",
             .severity = "ERROR",
             .message = "the answer cannot be read",
             .detail = std::string(reason),
             .hint = "Library and extension must have the same version.",
             .query = std::string(sql)}) {
    set_call(id, 1, true);
}

out_of_time no_answer_in_time(std::string_view sql, bool is_in_doubt) {
    return made<out_of_time>("57014", "no answer within the time that there is", sql, is_in_doubt);
}

out_of_time no_connection_in_time(bool is_stopped) {
    return made<out_of_time>(is_stopped ? "57014" : "08001",
                             "no connection within the time that there is", {}, false);
}

unanswered out_of_step(std::string_view sql) {
    return made<unanswered>("08P01", "client and server are out of step", sql, true);
}

unanswered perhaps_not_on_standby(std::string_view sql) {
    return made<unanswered>("40003", "the wait for the synchronous standby was cancelled", sql, true);
}

bool is_transient(const error &failure) {
    constexpr std::array<std::string_view, 7> codes{"40001", "40P01", "57P01", "57P02",
                                                    "57P03", "57P05", "25006"};
    const std::string_view sqlstate = failure.sqlstate();
    if (dynamic_cast<const unanswered *>(&failure) != nullptr) return true;
    if (dynamic_cast<const unreadable *>(&failure) != nullptr) return false;
    if (sqlstate.starts_with("08")) return !is_turned_down(failure);
    return std::ranges::find(codes, sqlstate) != codes.end() ||
           // Of a pool the same code is final.
           (sqlstate == "53300" && failure.diagnostics().severity == "FATAL");
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

} // namespace vend
