#include "core/decision.hpp"

namespace vend {
namespace {

std::optional<Money> amount_of(const Decision &decision, const SaleTerms &terms) {
    return decision.unit_price ? checked_mul(*decision.unit_price, terms.qty) : terms.amount;
}

} // namespace

Decision decide_item(const std::optional<ItemState> &item, const SaleTerms &terms) {
    Decision decision;
    if (!item) {
        decision.verdict = Verdict::unknown_item;
        return decision;
    }
    if (terms.states_price()) {
        decision.unit_price = terms.unit_price;
        decision.list_price = item->price;
    } else {
        decision.unit_price = item->price;
    }
    if (terms.expected_version && *terms.expected_version != item->version)
        decision.verdict = Verdict::stale_version;
    else if (terms.max_price && decision.unit_price > *terms.max_price)
        decision.verdict = Verdict::price_changed;
    else if (item->stock < terms.qty)
        decision.verdict = terms.qty.value - item->stock.value <= item->pending_elsewhere.value
                               ? Verdict::all_pending
                               : Verdict::sold_out;
    else if (auto amount = amount_of(decision, terms); amount && *amount <= terms.amount_max)
        decision.amount = *amount;
    else
        decision.verdict = Verdict::amount_out_of_range;
    return decision;
}

Decision decide_sale(const std::optional<ItemState> &item, const WalletState &wallet,
                     const SaleTerms &terms) {
    Decision decision = decide_item(item, terms);
    if (decision.verdict != Verdict::accept) return decision;
    switch (wallet.kind) {
    case WalletState::Kind::elsewhere:
        break;
    case WalletState::Kind::unknown:
        decision.verdict = Verdict::unknown_buyer;
        break;
    case WalletState::Kind::busy:
        decision.verdict = Verdict::busy;
        break;
    case WalletState::Kind::locked:
        if (wallet.balance < decision.amount) decision.verdict = Verdict::insufficient_funds;
        break;
    }
    return decision;
}

} // namespace vend
