#pragma once
// libpq: its objects with owners, and its errors as vend::error.

#include <vend/error.hpp>

#include <libpq-fe.h>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vend {

struct libpq_deleter {
    void operator()(PGconn *connection) const noexcept { PQfinish(connection); }
    void operator()(PGcancel *cancel) const noexcept { PQfreeCancel(cancel); }
    void operator()(PQconninfoOption *options) const noexcept { PQconninfoFree(options); }
};
using connection_ptr = std::unique_ptr<PGconn, libpq_deleter>;
using cancel_ptr = std::unique_ptr<PGcancel, libpq_deleter>;
using result_ptr = std::shared_ptr<PGresult>;

inline result_ptr own(PGresult *result) {
    return {result, PQclear};
}

// An error of this library.
[[nodiscard]] error local_error(std::string_view sqlstate, std::string message,
                                std::string_view query = {});

// Returns the error, in doubt now: its call may have taken place all the same.
[[nodiscard]] error in_doubt(error failure);

// A message of libpq without the newlines at its end.
[[nodiscard]] std::string trimmed(const char *message);

// The error of a connection that was lost.
[[nodiscard]] error lost(PGconn *connection, std::string_view query);

// The error of a connection that could not be made: the server's error, or 08001.
[[nodiscard]] error not_connected(PGconn *connection);

// What libpq has noticed of a session, beside the answers.
struct session_notices {
    // A message belongs to no statement, or ends the session.
    bool is_out_of_step = false;
    // The wait of a COMMIT for the synchronous standby was cancelled.
    bool is_perhaps_not_on_standby = false;
};

// Has libpq keep *found up to date.
void watch_notices(PGconn *connection, session_notices *found);

[[nodiscard]] std::string_view sqlstate_of(const PGresult *result);

// Throws the error of a result: vend::refused for a refusal. The error is in doubt when the session
// ended.
[[noreturn]] void throw_error(const PGresult *result, PGconn *connection, std::string_view query);

[[nodiscard]] bool is_error(const PGresult *result);

// A COPY has begun. libpq returns this result again and again.
[[nodiscard]] bool is_copy(const PGresult *result);
[[nodiscard]] error copy_not_supported(std::string_view query);

// Parameters in the form of libpq: null for NULL.
[[nodiscard]] std::vector<const char *> c_strings(std::span<const std::optional<std::string>> values);

// Throws 22021 for a text with a null character: libpq would send only what is before it.
void require_sendable(std::span<const std::optional<std::string>> values, std::string_view sql);

} // namespace vend
