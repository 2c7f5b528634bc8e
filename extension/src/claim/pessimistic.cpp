#include "base/prelude.hpp"

#include "claim/claim.hpp"

namespace vend {
namespace {

Claim refused(Verdict verdict) {
    Claim claim;
    claim.result = Claim::Result::refused;
    claim.decision.verdict = verdict;
    return claim;
}

} // namespace

Claim claim_pessimistic(Store &store, Item *item, const ClaimTerms &terms) {
    switch (lock_item(store, item->key, terms.wait, item)) {
    case LockResult::absent:
        return refused(Verdict::unknown_item);
    case LockResult::busy:
        return refused(Verdict::busy);
    case LockResult::locked:
        break;
    }
    const Decision decision = decide_sale(item->state, terms.wallet, terms.sale);
    if (decision.verdict != Verdict::sell) return {Claim::Result::refused, decision};
    const Quantity left{item->state.stock.value - terms.sale.qty.value};
    set_locked_stock(store, *item, left);
    item->state.stock = left;
    return {Claim::Result::claimed, decision};
}

} // namespace vend
