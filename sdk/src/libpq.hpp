#pragma once
// libpq, owned and with its errors turned into ours.

#include <vend/error.hpp>
#include <vend/options.hpp>
#include <vend/rows.hpp>

#include <libpq-fe.h>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vend {

struct finish {
    void operator()(PGconn *connection) const noexcept { PQfinish(connection); }
    void operator()(PGcancel *cancel) const noexcept { PQfreeCancel(cancel); }
    void operator()(PQconninfoOption *options) const noexcept { PQconninfoFree(options); }
};
using connection_ptr = std::unique_ptr<PGconn, finish>;
using cancel_ptr = std::unique_ptr<PGcancel, finish>;
using result_ptr = std::shared_ptr<PGresult>;

inline result_ptr own(PGresult *result) {
    return {result, PQclear};
}

// An error that is not the server's.
[[nodiscard]] error local_error(std::string_view sqlstate, std::string message,
                                std::string_view query = {});

// The same error, of what may have taken place all the same.
[[nodiscard]] error in_doubt(error failure);

// The connection was lost.
[[nodiscard]] error lost(PGconn *connection, std::string_view query);

// The connection never came to be: the server's error, or 08001.
[[nodiscard]] error not_connected(PGconn *connection);

// What was noticed of a session, beside its answers.
struct session_notices {
    bool is_out_of_step = false;            // libpq got what it cannot place, or the server's farewell
    bool is_perhaps_not_on_standby = false; // a COMMIT ended its wait for the synchronous standbys early
};

// Keeps *found up to date.
void watch_notices(PGconn *connection, session_notices *found);

[[nodiscard]] std::string_view sqlstate_of(const PGresult *result);

// Throws the error of a result, as vend::refused where it is a refusal.
[[noreturn]] void throw_error(const PGresult *result, PGconn *connection, std::string_view query);

[[nodiscard]] bool is_error(const PGresult *result);

// A COPY has begun: libpq gives this result for ever.
[[nodiscard]] bool is_copy(const PGresult *result);
[[nodiscard]] error copy_not_supported(std::string_view query);

// As libpq takes them: null for what has no value.
[[nodiscard]] std::vector<const char *> c_strings(std::span<const std::optional<std::string>> values);

// Throws 22021 for text with a null character, which libpq would cut off there.
void require_sendable(std::span<const std::optional<std::string>> values, std::string_view sql);

// One set of parameters for each host of a conninfo, in order.
class conninfo {
  public:
    // Throws 08001 for what libpq cannot read.
    conninfo(const std::string &text, const options &limits);

    [[nodiscard]] std::size_t hosts() const noexcept { return hosts_.size(); }
    [[nodiscard]] connection_ptr start(std::size_t host) const;

  private:
    using parameters = std::vector<std::pair<std::string, std::string>>;
    std::vector<parameters> hosts_;
};

} // namespace vend
