#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "claim/claim.hpp"
#include "core/checked.hpp"
#include "core/figure.hpp"
#include "core/lock_mode.hpp"
#include "core/verdict.hpp"

#include "escrow/items.hpp"

namespace vend {

Claim claim_pessimistic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms) {
    Claim claim{.decision = decision};
    switch (lock_item(store, item->key, terms.wait, item)) {
    case LockResult::absent:
        claim.decision.verdict = Verdict::unknown_item;
        return claim;
    case LockResult::busy:
        claim.decision.verdict = Verdict::busy;
        return claim;
    case LockResult::locked:
        break;
    }
    if (is_sold_unlocked(store, *item)) {
        claim.is_stale = true;
        return claim;
    }
    if (item->state.lock_mode == LockMode::escrow) fold_own_deltas(store, item);
    claim.decision = decide_sale(item->state, terms.wallet, terms.sale);
    if (claim.decision.verdict != Verdict::accept) return claim;
    change_locked_stock(store, *item, by_sale(negated(terms.sale.qty)));
    claim.is_made = true;
    return claim;
}

} // namespace vend
