#pragma once
// The stock of items that are never sold out: null, or a number below 0 that no count of units reaches.

#include "base/prelude.hpp"

#include "core/checked.hpp"

#include <optional>

namespace vend {

struct Unlimited {
    bool is_null = false;          // a null in the column
    std::optional<Quantity> stock; // or this number

    [[nodiscard]] bool is_bound() const { return is_null || stock; }
};

// What the option says. Nothing for a text that is no such option.
std::optional<Unlimited> unlimited_from(const char *option);

// Whether a stock column with this value says that the item is unlimited.
bool says_unlimited(const Unlimited &unlimited, std::optional<int64> stock);

} // namespace vend
