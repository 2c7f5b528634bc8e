#pragma once
// The one exception of this library, and the refusal, which is one.

#include <vend/outcome.hpp>
#include <vend/uuid.hpp>

#include <optional>
#include <stdexcept>
#include <string>

namespace vend {

// The fields of an error of PostgreSQL, empty where it had none. An error that is not the server's has
// an SQLSTATE too: 08006 and others of class 08 for a connection that is lost or cannot be made, 08P01
// for an answer that cannot be read, 40003 for a COMMIT that may not be on the synchronous standby,
// 57014 for a deadline that has passed or a call that was cancelled, 53300 for a pool that is full,
// 22021 for text that no database can hold. At a deadline, detail has the last reason for which there
// was no answer.
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

// Anything that is not an answer. One class for all faults: what to do depends on the SQLSTATE.
class error : public std::runtime_error {
  public:
    explicit error(vend::diagnostics diagnostics);

    [[nodiscard]] const vend::diagnostics &diagnostics() const noexcept { return diagnostics_; }
    [[nodiscard]] const std::string &sqlstate() const noexcept { return diagnostics_.sqlstate; }

    // Whether the call may have taken place all the same: an answer was lost and could not be had again.
    // Calling once more with id() tells; nothing takes place twice under one id.
    [[nodiscard]] bool is_in_doubt() const noexcept { return is_in_doubt_; }

    // The id of the call, also where the client made it.
    [[nodiscard]] const std::optional<uuid> &id() const noexcept { return id_; }

    // How often the call was sent, or tried to be.
    [[nodiscard]] int attempts() const noexcept { return attempts_; }

    void set_call(std::optional<uuid> id, int attempts, bool is_in_doubt) noexcept;

  private:
    vend::diagnostics diagnostics_;
    std::optional<uuid> id_;
    int attempts_ = 1;
    bool is_in_doubt_ = false;
};

// The rules turned the call down: what purchase() and its like throw where try_purchase() gives a
// status. Nothing took place.
class refused : public error {
  public:
    refused(vend::status status, vend::diagnostics diagnostics, std::optional<int> line = std::nullopt);

    [[nodiscard]] vend::status status() const noexcept { return status_; }

    // Of a cart: the line that was refused, from 1.
    [[nodiscard]] std::optional<int> line() const noexcept { return line_; }

  private:
    vend::status status_;
    std::optional<int> line_;
};

// The receipt of a sale. Throws vend::refused where it did not take place.
[[nodiscard]] receipt require_purchased(outcome sale);

} // namespace vend
