#include "libpq.hpp"

#include "status.hpp"

#include <algorithm>

namespace vend {
namespace {

std::string field(const PGresult *result, int code);
bool is_before_sqlstate(std::string_view text, std::size_t colon);

constexpr std::size_t sqlstate_length = 5;

} // namespace

error local_error(std::string_view sqlstate, std::string message, std::string_view query) {
    return error({.sqlstate = std::string(sqlstate),
                  .severity = "ERROR",
                  .message = std::move(message),
                  .query = std::string(query)});
}

error in_doubt(error failure) {
    failure.set_call({}, 1, true);
    return failure;
}

error lost(PGconn *connection, std::string_view query) {
    const std::string reason = trimmed(PQerrorMessage(connection));
    return local_error("08006", reason.empty() ? "connection lost" : reason, query);
}

// libpq reports the SQLSTATE of a failed connection only in a verbose message: "FATAL:  3D000: ...".
error not_connected(PGconn *connection) {
    constexpr std::size_t length = sqlstate_length;
    const std::string text = trimmed(PQerrorMessage(connection));
    // A further attempt has no password either.
    if (PQconnectionNeedsPassword(connection) != 0) return local_error("28P01", text);
    auto found = text.rfind(":  ", text.find("\nLOCATION:"));
    // Two spaces may also stand in the message, in the name of a database.
    while (found != std::string::npos && !is_before_sqlstate(text, found))
        found = found == 0 ? std::string::npos : text.rfind(":  ", found - 1);
    if (found == std::string::npos) return local_error("08001", text);
    const auto message = text.substr(found + 3 + length + 2);
    return error({.sqlstate = text.substr(found + 3, length),
                  .severity = "FATAL",
                  .message = text.substr(0, found) + ": " + message.substr(0, message.find('\n'))});
}

void watch_notices(PGconn *connection, session_notices *found) {
    const auto receive = [](void *of, const PGresult *notice) {
        auto &notices = *static_cast<session_notices *>(of);
        // A notice of libpq itself has no SQLSTATE. FATAL ends the session.
        if (sqlstate_of(notice).empty() || field(notice, PG_DIAG_SEVERITY_NONLOCALIZED) == "FATAL")
            notices.is_out_of_step = true;
        // The words of this warning are translated, and its SQLSTATE is the one of every warning.
        if (field(notice, PG_DIAG_SOURCE_FUNCTION) == "SyncRepWaitForLSN")
            notices.is_perhaps_not_on_standby = true;
    };
    PQsetNoticeReceiver(connection, receive, found);
}

std::string_view sqlstate_of(const PGresult *result) {
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return sqlstate == nullptr ? "" : sqlstate;
}

bool is_error(const PGresult *result) {
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
    case PGRES_PIPELINE_SYNC:
        return false;
    default:
        return true;
    }
}

bool is_copy(const PGresult *result) {
    const auto status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

error copy_not_supported(std::string_view query) {
    return local_error("0A000", "COPY is not supported", query);
}

void throw_error(const PGresult *result, PGconn *connection, std::string_view query) {
    diagnostics fields{.sqlstate = field(result, PG_DIAG_SQLSTATE),
                       .severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED),
                       .message = field(result, PG_DIAG_MESSAGE_PRIMARY),
                       .detail = field(result, PG_DIAG_MESSAGE_DETAIL),
                       .hint = field(result, PG_DIAG_MESSAGE_HINT),
                       .context = field(result, PG_DIAG_CONTEXT),
                       .schema = field(result, PG_DIAG_SCHEMA_NAME),
                       .table = field(result, PG_DIAG_TABLE_NAME),
                       .column = field(result, PG_DIAG_COLUMN_NAME),
                       .datatype = field(result, PG_DIAG_DATATYPE_NAME),
                       .constraint = field(result, PG_DIAG_CONSTRAINT_NAME),
                       .query = std::string(query)};
    // Not an error of the server: the connection broke, or libpq did not understand the answer.
    if (fields.sqlstate.empty()) throw in_doubt(lost(connection, query));
    if (const auto status = refusal_of(fields.sqlstate)) throw refused(*status, std::move(fields));
    // A session may be terminated after the commit and before its answer.
    const bool is_in_doubt = fields.severity == "FATAL" || fields.severity == "PANIC";
    if (is_in_doubt) throw in_doubt(error(std::move(fields)));
    throw error(std::move(fields));
}

std::vector<const char *> c_strings(std::span<const std::optional<std::string>> values) {
    std::vector<const char *> texts;
    texts.reserve(values.size());
    for (const auto &value : values) texts.push_back(value ? value->c_str() : nullptr);
    return texts;
}

void require_sendable(std::span<const std::optional<std::string>> values, std::string_view sql) {
    const bool is_sendable = std::ranges::none_of(
        values, [](const auto &value) { return value && value->find('\0') != std::string::npos; });
    if (!is_sendable) throw local_error("22021", "a parameter contains a null character", sql);
}

std::string trimmed(const char *message) {
    std::string text = message == nullptr ? "" : message;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

namespace {

std::string field(const PGresult *result, int code) {
    const char *text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
}

// Whether the colon is the one of "FATAL:  3D000: ".
bool is_before_sqlstate(std::string_view text, std::size_t colon) {
    const std::string_view rest = text.substr(colon + 3);
    const auto is_of_sqlstate = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
    return rest.size() > sqlstate_length &&
           std::ranges::all_of(rest.substr(0, sqlstate_length), is_of_sqlstate) &&
           rest.substr(sqlstate_length).starts_with(": ");
}

} // namespace
} // namespace vend
