#pragma once
// The rights on a store. Each right is the SELECT privilege on a column of the store's view "role". So
// PostgreSQL keeps the rights: dumps carry them, they follow a renamed role, and a role that has one
// cannot be dropped unnoticed.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace vend {

// In the order of the columns. stock_keeper is the right "operator", which is a keyword in C++.
enum class Right { buyer, cashier, stock_keeper, auditor };

inline constexpr std::array<std::string_view, 4> right_names{"buyer", "cashier", "operator", "auditor"};

// The number of the column that carries the right.
constexpr short right_column(Right right) {
    return static_cast<short>(static_cast<int>(right) + 1);
}

constexpr std::optional<Right> right_from(std::string_view text) {
    for (std::size_t i = 0; i < right_names.size(); ++i)
        if (right_names[i] == text) return static_cast<Right>(i);
    return std::nullopt;
}

} // namespace vend
