#pragma once
// Is this the same request?
//
// An id stands for one request. Whoever sends the same request again under it gets the recorded answer;
// whoever sends another one is refused, and told the first thing that differs. The rule is the same for
// one call, a cart, a batch and a refund, and stands here alone. Items and wallets are compared by the
// caller, who knows their keys: a row may have another key now than it had when it was recorded.

#include "core/checked.hpp"
#include "core/kind.hpp"
#include "core/uuid.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace vend {

enum class Difference {
    none,
    voided, // nothing took place under the id, and nothing will
    kind,
    item,
    buyer,
    wallet,
    quantity,
    amount,
    purchase, // another purchase was refunded
    restock,
    cart // a cart of another number of lines
};

constexpr std::string_view to_text(Difference difference) {
    constexpr std::array<std::string_view, 11> names{"none",     "void",    "kind",     "item",
                                                     "buyer",    "wallet",  "quantity", "amount",
                                                     "purchase", "restock", "cart"};
    return names[static_cast<std::size_t>(difference)];
}

// What was recorded under an id, or what a request asks for. Quantities and amounts have one sign on
// both sides.
struct Identity {
    std::optional<Kind> kind; // recorded: nothing for what no request asks for
    Quantity qty{};
    std::optional<Money>
        amount; // recorded: nothing for a refusal; asked: nothing where it was not stated
};

enum class PartyOf { item, wallet, payee };

// is_same(PartyOf) compares the parties. It may read the ledger, so it is asked only when all before it
// is the same.
template <typename IsSame>
constexpr Difference difference(const Identity &recorded, const Identity &asked, IsSame is_same) {
    if (recorded.kind == Kind::voided) return Difference::voided;
    if (recorded.kind != asked.kind) return Difference::kind;
    if (!is_same(PartyOf::item)) return Difference::item;
    if (!is_same(PartyOf::wallet))
        return asked.kind == Kind::purchase ? Difference::buyer : Difference::wallet;
    if (recorded.qty != asked.qty) return Difference::quantity;
    if (recorded.amount && asked.amount && *recorded.amount != *asked.amount) return Difference::amount;
    return is_same(PartyOf::payee) ? Difference::none : Difference::wallet;
}

// What a refund gave back in all its rows, or is asked to give back.
struct RefundIdentity {
    std::optional<Quantity> qty; // asked: nothing for all that was left
    std::optional<Money> amount; // asked: nothing for what was paid for the units
    bool restocks = true;        // its units went back onto the shelf
};

// One row of a refund. A row that was made by hand may name no purchase.
constexpr Difference refund_row_difference(std::optional<Kind> kind, const std::optional<Uuid> &recorded,
                                           const Uuid &asked) {
    if (kind == Kind::voided) return Difference::voided;
    if (kind != Kind::refund) return Difference::kind;
    return recorded == asked ? Difference::none : Difference::purchase;
}

// All rows of it, each of which is of the purchase asked for. is_same_item() may read the ledger.
template <typename IsSame>
constexpr Difference difference(const RefundIdentity &recorded, const RefundIdentity &asked,
                                IsSame is_same_item) {
    if (asked.qty && recorded.qty != asked.qty) return Difference::quantity;
    if (asked.amount && recorded.amount != asked.amount) return Difference::amount;
    if (recorded.qty > Quantity{0} && recorded.restocks != asked.restocks) return Difference::restock;
    return is_same_item() ? Difference::none : Difference::item;
}

} // namespace vend
