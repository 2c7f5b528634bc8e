#include "core/decision.hpp"

namespace vend {
namespace {

std::optional<Money> amount_of(const Decision &decision, const SaleTerms &terms) {
    return decision.unit_price ? checked_mul(*decision.unit_price, terms.qty) : terms.amount;
}

bool is_on_sale(const ItemState &item, const SaleTerms &terms) {
    return item.flaw == ItemFlaw::none || (item.flaw == ItemFlaw::no_price && terms.states_price());
}

// Whether the units that the sale lacks are pending in sales that may still give them back.
bool may_come_back(const ItemState &item, Quantity qty) {
    const auto lacking = checked_sub(qty, item.stock);
    return lacking && *lacking <= item.pending_elsewhere;
}

// Whether the wallet can pay the price. What the caller states besides the item's own price must agree
// with it.
bool is_payable(const ItemState &item, const WalletState &wallet, const SaleTerms &terms) {
    if (!terms.has_currencies) return true;
    const auto price = price_currency(item, terms);
    return is_one_currency(price, wallet.currency) &&
           (!terms.currency || is_one_currency(price, terms.currency));
}

} // namespace

std::optional<Currency> price_currency(const ItemState &item, const SaleTerms &terms) {
    const bool is_stated = terms.states_price() || !terms.items_have_currencies;
    return terms.currency && is_stated ? terms.currency : item.currency;
}

Decision decide_item(const std::optional<ItemState> &item, const SaleTerms &terms) {
    Decision decision;
    if (!item) {
        decision.verdict = Verdict::unknown_item;
        return decision;
    }
    decision.is_unlimited = item->is_unlimited;
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
    else if (!is_on_sale(*item, terms))
        decision.verdict = Verdict::not_on_sale;
    else if (!item->is_unlimited && item->stock < terms.qty)
        decision.verdict = may_come_back(*item, terms.qty) ? Verdict::all_pending : Verdict::sold_out;
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
        if (!is_payable(*item, wallet, terms))
            decision.verdict = Verdict::currency_mismatch;
        else if (!covers(wallet.balance, decision.amount))
            decision.verdict = Verdict::insufficient_funds;
        break;
    }
    return decision;
}

} // namespace vend
