#pragma once
// The kinds of ledger rows.

#include <array>
#include <cstddef>
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

} // namespace vend
