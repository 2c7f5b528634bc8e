#include "base/prelude.hpp"

#include "claim/claim.hpp"

#include "binding/store.hpp"
#include "claim/entered.hpp"
#include "core/decision.hpp"
#include "core/verdict.hpp"
#include "escrow/items.hpp"
#include "rows/call_locks.hpp"

namespace vend {

Claim claim_unlimited(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms) {
    Claim claim{.decision = decision};
    if (!has_entered(enter_unlimited(store, terms.wait, item), &claim)) return claim;
    claim.decision = decide_sale(item->state, terms.wallet, terms.sale);
    claim.is_made = claim.decision.verdict == Verdict::accept;
    if (!claim.is_made) unlock_counter(store, item->key);
    return claim;
}

} // namespace vend
