#pragma once
// How much of a purchase a refund gives back: pure arithmetic. A part refund gives back its share of the
// amount paid, and all parts together are exactly that amount. No refund gives back more units or more
// money than are left.

#include "core/checked.hpp"

#include <optional>

namespace vend {

// Units and money of a line of a purchase: bought and paid, or given back so far.
struct Paid {
    Quantity qty{};
    Money amount{};
};

struct RefundTerms {
    std::optional<Quantity> qty; // nothing: no units if an amount is stated, else all that are left
    std::optional<Money> amount; // nothing: the share of the units
};

// Returns nothing where the refund is refused: it asks for more than is left, or nothing is left.
std::optional<Paid> decide_refund(const Paid &paid, const Paid &before, const RefundTerms &terms);

// Whether a refused refund asks for more money than is left, and not for too many units.
bool is_refused_for_money(const Paid &paid, const Paid &before, const RefundTerms &terms);

} // namespace vend
