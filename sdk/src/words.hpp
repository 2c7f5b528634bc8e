#pragma once
// Statuses, and the SQLSTATEs of refusals.

#include <vend/outcome.hpp>

#include <optional>
#include <string_view>

namespace vend {

// Throws std::invalid_argument for a word that this version does not know.
[[nodiscard]] status status_from(std::string_view text);

// What the server raises where it does not answer with the status. Two statuses stand for two each.
[[nodiscard]] std::string_view sqlstate_of(status refusal) noexcept;

// The refusal that is told by a code of the class VN alone.
[[nodiscard]] std::optional<status> refusal_of(std::string_view sqlstate) noexcept;

} // namespace vend
