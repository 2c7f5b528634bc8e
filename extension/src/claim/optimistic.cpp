#include "base/prelude.hpp"

#include "claim/claim.hpp"

#include "base/settings.hpp"
#include "binding/store.hpp"
#include "core/verdict.hpp"
#include "escrow/items.hpp"

namespace vend {

Claim claim_optimistic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms) {
    Claim claim{.decision = decision};
    for (int retries_left = settings::optimistic_retries();; --retries_left) {
        if (take_if_unwritten(store, *item, terms.sale.qty)) {
            claim.is_made = true;
            return claim;
        }
        CHECK_FOR_INTERRUPTS();
        const auto now = read_item(store, item->key);
        if (now && is_sold_unlocked(store, *now)) {
            claim.is_stale = true;
            return claim;
        }
        // Another transaction wrote to the row but not to the stock: no conflict.
        if (now && now->figure == item->figure)
            return claim_pessimistic(store, item, claim.decision, terms);
        claim.decision =
            decide_sale(now ? std::optional(now->state) : std::nullopt, terms.wallet, terms.sale);
        if (now) *item = *now;
        if (claim.decision.verdict != Verdict::accept) return claim;
        if (retries_left == 0) {
            claim.decision.verdict = Verdict::lost_race;
            return claim;
        }
    }
}

} // namespace vend
