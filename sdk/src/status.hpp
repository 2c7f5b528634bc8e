#pragma once
// Each status, its word in SQL, and the SQLSTATE that the server raises instead of answering with it.

#include <vend/error.hpp>
#include <vend/outcome.hpp>
#include <vend/uuid.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace vend {

// Throws std::invalid_argument for a word that this version does not know.
[[nodiscard]] status status_from(std::string_view text);

// Empty for a call that took place.
[[nodiscard]] std::string_view sqlstate_of(status refusal) noexcept;

// The refusal that the server raises with this SQLSTATE. Only those of class VN tell it for sure: 22023
// and 55P03 have other meanings too, and VN008 is a fault.
[[nodiscard]] std::optional<status> refusal_of(std::string_view sqlstate) noexcept;

// The exception for an answer whose status is a refusal, as the function without try_ would have raised
// it.
[[nodiscard]] refused refused_as(std::string_view function, status refusal, const std::string &detail,
                                 const std::optional<uuid> &id, std::optional<int> line = {});

} // namespace vend
