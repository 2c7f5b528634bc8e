#pragma once
// A call of a function of the extension, ready to be sent.

#include "sql.hpp"

#include <vend/outcome.hpp>
#include <vend/request.hpp>
#include <vend/rows.hpp>
#include <vend/uuid.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vend {

struct call {
    std::string_view name;
    const char *sql = nullptr;                               // a text of sql.hpp
    std::vector<std::optional<std::string>> parameters = {}; // the last one is the store
    std::vector<uuid> ids = {};                              // the first rows of the answer have them
    std::size_t id_column = vend::id_column;                 // in this column
    bool has_lines = false;                             // of a cart: one id, and a row for each line
    std::optional<std::size_t> remember_parameter = {}; // has the function record a refusal, if it can

    // The id of a call that has one.
    [[nodiscard]] std::optional<uuid> id() const;
    [[nodiscard]] const std::optional<std::string> &store() const { return parameters.back(); }

    [[nodiscard]] bool can_remember() const { return remember_parameter.has_value(); }
    void remember_refusal() { parameters[*remember_parameter] = "true"; }

    // Whether the rows answer this call, and not another one whose answer came late.
    [[nodiscard]] bool is_answered_by(const rows &found) const;

    // The ids that the answer refuses: a later attempt might find them accepted.
    [[nodiscard]] std::vector<uuid> refused_by(const rows &found) const;
};

// The id of the request, or a new one.
[[nodiscard]] uuid id_or_new(const std::optional<uuid> &id);

[[nodiscard]] call try_purchase_call(const purchase_request &request,
                                     const std::optional<std::string> &store);
[[nodiscard]] outcome outcome_from(const rows &found, std::size_t row);

// The same purchase, which waits for no lock longer than ms. A shorter lock_timeout of the session stays
// in force.
[[nodiscard]] call with_lock_timeout(call try_purchase, int ms);

// Sets the same limit for all further statements of the session, if it is served by this process: behind
// a pooler it may not be. The answer is the process that serves the session.
[[nodiscard]] call lock_timeout_call(int ms, int process);

[[nodiscard]] call void_call(std::span<const uuid> ids, const std::optional<std::string> &store);

} // namespace vend
