#include "core/refund.hpp"

#include <algorithm>

namespace vend {
namespace {

template <typename Tag> Checked<Tag> left_of(Checked<Tag> paid, Checked<Tag> before) {
    return std::max(checked_sub(paid, before).value_or(Checked<Tag>{}), Checked<Tag>{});
}

// The share of the first `units` of a purchase, rounded down. Later units get what rounding left.
std::int64_t cost_of_first(const Paid &paid, std::int64_t units) {
    __extension__ using Wide = __int128;
    return static_cast<std::int64_t>(static_cast<Wide>(paid.amount.value) * units / paid.qty.value);
}

Money share_of(const Paid &paid, const Paid &before, Quantity qty) {
    return {cost_of_first(paid, before.qty.value + qty.value) - cost_of_first(paid, before.qty.value)};
}

Quantity wanted_units(const Quantity left, const RefundTerms &terms) {
    return terms.qty.value_or(terms.amount ? Quantity{} : left);
}

} // namespace

std::optional<Paid> decide_refund(const Paid &paid, const Paid &before, const RefundTerms &terms) {
    const Paid left{left_of(paid.qty, before.qty), left_of(paid.amount, before.amount)};
    const Quantity qty = wanted_units(left.qty, terms);
    if (qty > left.qty) return std::nullopt;
    Money amount = left.amount; // the last units take all the money that is left
    if (terms.amount)
        amount = *terms.amount;
    else if (qty < left.qty)
        amount = std::min(share_of(paid, before, qty), left.amount);
    if (amount > left.amount || (qty == Quantity{} && amount == Money{})) return std::nullopt;
    return Paid{qty, amount};
}

bool is_refused_for_money(const Paid &paid, const Paid &before, const RefundTerms &terms) {
    return terms.amount && wanted_units({}, terms) <= left_of(paid.qty, before.qty);
}

} // namespace vend
