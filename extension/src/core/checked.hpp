#pragma once
// Quantities and amounts of money, and their checked arithmetic. A number of units never mixes with an
// amount of money, and no operation wraps around: an operation that would overflow returns nothing.

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>

namespace vend {

template <typename Tag> struct Checked {
    std::int64_t value = 0;
    friend constexpr auto operator<=>(Checked, Checked) = default;
};

// Units of an item. A quantity that is sold is positive; the ledger records signed changes.
using Quantity = Checked<struct QuantityTag>;
// Money in the smallest step of the store's money type: an amount times 10^scale.
using Money = Checked<struct MoneyTag>;

template <typename Tag>
constexpr std::optional<Checked<Tag>> checked_add(Checked<Tag> a, Checked<Tag> b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a.value, b.value, &sum)) return std::nullopt;
    return Checked<Tag>{sum};
}

template <typename Tag>
constexpr std::optional<Checked<Tag>> checked_sub(Checked<Tag> a, Checked<Tag> b) {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a.value, b.value, &difference)) return std::nullopt;
    return Checked<Tag>{difference};
}

// The cost of `qty` units at the price of one unit.
constexpr std::optional<Money> checked_mul(Money unit_price, Quantity qty) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(unit_price.value, qty.value, &product)) return std::nullopt;
    return Money{product};
}

// Negates a positive quantity or amount. Its negation always exists.
template <typename Tag> constexpr Checked<Tag> negated(Checked<Tag> positive) {
    return Checked<Tag>{-positive.value};
}

} // namespace vend
