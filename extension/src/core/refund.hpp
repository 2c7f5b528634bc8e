#pragma once
// How much of a purchase goes back: pure arithmetic. Part refunds are shares of what was paid, so all
// parts together are exactly that, whatever the steps of the money; and nothing gives back more than is
// left, neither units nor money.

#include "core/checked.hpp"

#include <optional>

namespace vend {

// Of a line of a purchase: what was bought and paid, or what was given back.
struct Paid {
    Quantity qty{};
    Money amount{};
};

struct RefundTerms {
    std::optional<Quantity> qty; // nothing: with an amount none, else all that is left
    std::optional<Money> amount; // nothing: the share of the units
};

// Nothing: more is wanted than is left, or nothing is.
std::optional<Paid> decide_refund(const Paid &paid, const Paid &before, const RefundTerms &terms);

// Of a refund that is refused: whether for want of money, not of units.
bool is_refused_for_money(const Paid &paid, const Paid &before, const RefundTerms &terms);

} // namespace vend
