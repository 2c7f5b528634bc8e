#pragma once
// The exceptions of this library: vend::error, and vend::refused, which derives from it.

#include <vend/outcome.hpp>
#include <vend/uuid.hpp>

#include <optional>
#include <stdexcept>
#include <string>

namespace vend {

// The fields of an error of PostgreSQL; a field that the server did not send is empty. Errors of this
// library have an SQLSTATE too:
//   08001, 08006  the connection cannot be made, or was lost
//   08P01         the answer cannot be read
//   0A000         a statement started a COPY
//   22021         a text has a null character
//   22023         the requests of a batch do not fit together
//   25001         a call of the client inside a transaction of its pool
//   25P02         the server answered COMMIT with a rollback
//   2D000         a statement would end the transaction, or something has ended it
//   40003         the sale has committed and may not be on the synchronous standby
//   53300         no connection of the pool became free, or too many callers wait
//   57014         the time of the call is over, or the call was stopped
// When the time is over, detail gives the reason why the last attempt had no answer.
struct diagnostics {
    std::string sqlstate = {};
    std::string severity = {};
    std::string message = {};
    std::string detail = {};
    std::string hint = {};
    std::string context = {};
    std::string schema = {};
    std::string table = {};
    std::string column = {};
    std::string datatype = {};
    std::string constraint = {};
    std::string query = {}; // the SQL that was sent
};

// Everything that is not an answer. There is one class, because what to do depends on the SQLSTATE.
class error : public std::runtime_error {
  public:
    explicit error(vend::diagnostics diagnostics);

    [[nodiscard]] const vend::diagnostics &diagnostics() const noexcept { return diagnostics_; }
    [[nodiscard]] const std::string &sqlstate() const noexcept { return diagnostics_.sqlstate; }

    // Whether the call may have taken place all the same: an answer was lost, and no later attempt got
    // one. Call once more with id() to find out. Nothing takes place twice under one id.
    [[nodiscard]] bool is_in_doubt() const noexcept { return is_in_doubt_; }

    // The id of the call, also when the client made it.
    [[nodiscard]] const std::optional<uuid> &id() const noexcept { return id_; }

    // How many attempts the client made.
    [[nodiscard]] int attempts() const noexcept { return attempts_; }

    // For the library: adds what is known of the call.
    void set_call(std::optional<uuid> id, int attempts, bool is_in_doubt) noexcept;

  private:
    vend::diagnostics diagnostics_;
    std::optional<uuid> id_;
    int attempts_ = 1;
    bool is_in_doubt_ = false;
};

// The store refused the call, and nothing took place. purchase() and the like throw it where the try_
// form returns the status.
class refused : public error {
  public:
    refused(vend::status status, vend::diagnostics diagnostics, std::optional<int> line = std::nullopt);

    [[nodiscard]] vend::status status() const noexcept { return status_; }

    // The line of a cart that was refused, from 1.
    [[nodiscard]] std::optional<int> line() const noexcept { return line_; }

  private:
    vend::status status_;
    std::optional<int> line_;
};

// The receipt of a sale that took place. Throws vend::refused for one that was refused.
[[nodiscard]] receipt require_purchased(outcome sale);

} // namespace vend
