#include "libpq.hpp"

#include "words.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace vend {
namespace {

std::string field(const PGresult *result, int code) {
    const char *text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
}

std::string trimmed(const char *text) {
    std::string message = text == nullptr ? "" : text;
    while (!message.empty() && message.back() == '\n') message.pop_back();
    return message;
}

// "FATAL:  3D000: ", from the first colon on.
constexpr std::size_t sqlstate_length = 5;
bool is_before_sqlstate(std::string_view text, std::size_t colon) {
    const std::string_view rest = text.substr(colon + 3);
    const auto is_of_sqlstate = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
    return rest.size() > sqlstate_length &&
           std::ranges::all_of(rest.substr(0, sqlstate_length), is_of_sqlstate) &&
           rest.substr(sqlstate_length).starts_with(": ");
}

std::vector<std::string> split(const std::string &list) {
    std::vector<std::string> parts(1);
    for (const char c : list)
        if (c == ',')
            parts.emplace_back();
        else
            parts.back() += c;
    return parts;
}

using parameters = std::vector<std::pair<std::string, std::string>>;

const std::string *find(const parameters &all, std::string_view keyword) {
    const auto found =
        std::ranges::find(all, keyword, [](const auto &one) { return std::string_view(one.first); });
    return found == all.end() ? nullptr : &found->second;
}

void set(parameters &all, const char *keyword, const std::string &value) {
    std::erase_if(all, [&](const auto &one) { return one.first == keyword; });
    all.emplace_back(keyword, value);
}

void set_default(parameters &all, const char *keyword, const std::string &value) {
    if (find(all, keyword) == nullptr) all.emplace_back(keyword, value);
}

// A list of hosts or ports, from the text or the environment.
std::string list_of(const parameters &all, const char *keyword, const char *variable) {
    if (const auto *value = find(all, keyword)) return *value;
    const char *value = std::getenv(variable); // NOLINT(concurrency-mt-unsafe): libpq reads it too
    const bool is_service =
        find(all, "service") != nullptr || std::getenv("PGSERVICE") != nullptr; // NOLINT
    return value == nullptr || is_service ? "" : value;                         // a service comes first
}

parameters parsed(const std::string &text) {
    char *message = nullptr;
    const std::unique_ptr<PQconninfoOption, finish> options(PQconninfoParse(text.c_str(), &message));
    if (!options) {
        const std::string reason = trimmed(message);
        PQfreemem(message);
        throw local_error("08001", reason.empty() ? "out of memory" : reason);
    }
    parameters all;
    for (const PQconninfoOption *option = options.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr) all.emplace_back(option->keyword, option->val);
    return all;
}

} // namespace

std::size_t rows::size() const noexcept {
    return static_cast<std::size_t>(PQntuples(result_.get()));
}

std::size_t rows::columns() const noexcept {
    return static_cast<std::size_t>(PQnfields(result_.get()));
}

std::string_view rows::column_name(std::size_t column) const {
    if (column >= columns()) throw std::out_of_range("vend::rows: no such column");
    return PQfname(result_.get(), static_cast<int>(column));
}

std::optional<std::string_view> rows::get(std::size_t row, std::size_t column) const {
    if (row >= size() || column >= columns()) throw std::out_of_range("vend::rows: no such value");
    const int r = static_cast<int>(row);
    const int c = static_cast<int>(column);
    if (PQgetisnull(result_.get(), r, c) != 0) return std::nullopt;
    return std::string_view(PQgetvalue(result_.get(), r, c),
                            static_cast<std::size_t>(PQgetlength(result_.get(), r, c)));
}

std::string_view rows::command() const noexcept {
    const std::string_view tag = result_ ? PQcmdStatus(result_.get()) : "";
    const auto number = tag.find_first_of("0123456789"); // INSERT 0 1
    return number == std::string_view::npos ? tag : tag.substr(0, number - 1);
}

std::uint64_t rows::affected() const noexcept {
    return result_ ? std::strtoull(PQcmdTuples(result_.get()), nullptr, 10) : 0;
}

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

// libpq has the SQLSTATE of a failed connection nowhere but in a verbose message: "FATAL:  3D000: ...".
error not_connected(PGconn *connection) {
    constexpr std::size_t length = sqlstate_length;
    const std::string text = trimmed(PQerrorMessage(connection));
    // Not to be asked again until somebody has given one.
    if (PQconnectionNeedsPassword(connection) != 0) return local_error("28P01", text);
    auto found = text.rfind(":  ", text.find("\nLOCATION:"));
    // The message may have two spaces of its own, in the name of a database.
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
        // libpq's own notices have no SQLSTATE.
        if (sqlstate_of(notice).empty() || field(notice, PG_DIAG_SEVERITY_NONLOCALIZED) == "FATAL")
            notices.is_out_of_step = true;
        // Its words are translated, and its SQLSTATE is that of any warning.
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
    // Not of the server: the connection broke, or libpq did not understand what it got.
    if (fields.sqlstate.empty()) throw in_doubt(lost(connection, query));
    if (const auto status = refusal_of(fields.sqlstate)) throw refused(*status, std::move(fields));
    // Whoever takes a session away may do so after the commit and before its answer.
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
    if (!is_sendable) throw local_error("22021", "a parameter holds a null character", sql);
}

conninfo::conninfo(const std::string &text, const options &limits) {
    parameters all = parsed(text);
    set_default(all, "fallback_application_name", "vend");
    set_default(all, "client_encoding", "UTF8");
    // A peer that has gone silent is given up when an attempt would be.
    set_default(all, "tcp_user_timeout", std::to_string(limits.attempt_ms_max));
    const auto names = split(list_of(all, "host", "PGHOST"));
    const auto addresses = split(list_of(all, "hostaddr", "PGHOSTADDR"));
    const auto ports = split(list_of(all, "port", "PGPORT"));
    const std::size_t count = std::max(names.size(), addresses.size());
    const auto *wanted = find(all, "target_session_attrs");
    // To prefer a standby is a question to all hosts at once.
    const bool is_one = count == 1 || (wanted != nullptr && *wanted == "prefer-standby") ||
                        (ports.size() != 1 && ports.size() != count) ||
                        (names.size() != 1 && names.size() != count) ||
                        (addresses.size() != 1 && addresses.size() != count);
    if (is_one) {
        hosts_.push_back(std::move(all));
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        parameters one = all;
        if (names.size() == count) set(one, "host", names[i]);
        if (addresses.size() == count) set(one, "hostaddr", addresses[i]);
        if (ports.size() == count) set(one, "port", ports[i]);
        hosts_.push_back(std::move(one));
    }
}

connection_ptr conninfo::start(std::size_t host) const {
    std::vector<const char *> keywords;
    std::vector<const char *> values;
    for (const auto &[keyword, value] : hosts_[host]) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    connection_ptr connection(PQconnectStartParams(keywords.data(), values.data(), 0));
    if (!connection) throw local_error("53200", "out of memory");
    (void)PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE); // for not_connected()
    return connection;
}

} // namespace vend
