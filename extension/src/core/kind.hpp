#pragma once
// The kinds of ledger rows.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace vend {

enum class Kind {
    purchase,
    refund,
    deposit,
    withdrawal,
    transfer,
    restock,
    write_off,
    adjustment,
    refusal,
    voided
};

inline constexpr std::array<std::string_view, 10> kind_names{
    "purchase", "refund",    "deposit",    "withdrawal", "transfer",
    "restock",  "write_off", "adjustment", "refusal",    "void"};

constexpr std::string_view to_text(Kind kind) {
    return kind_names[static_cast<std::size_t>(kind)];
}

// Returns nothing for a text that names no kind.
constexpr std::optional<Kind> kind_from(std::string_view text) {
    for (std::size_t i = 0; i < kind_names.size(); ++i)
        if (kind_names[i] == text) return static_cast<Kind>(i);
    return std::nullopt;
}

} // namespace vend
