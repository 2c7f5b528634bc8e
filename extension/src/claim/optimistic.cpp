#include "base/prelude.hpp"

#include "claim/claim.hpp"

#include "base/settings.hpp"

namespace vend {

Claim claim_optimistic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms) {
    Claim claim{Claim::Result::refused, decision};
    for (int retries_left = settings::optimistic_retries();; --retries_left) {
        if (claim_if_unchanged(store, *item, terms.sale)) {

            claim.result = Claim::Result::claimed;
            return claim;
        }
        CHECK_FOR_INTERRUPTS();
        const auto now = read_item(store, item->key);
        // Nobody wrote, and yet the write found nothing.
        if (now && now->state == item->state) {
            claim.result = Claim::Result::inconclusive;
            return claim;
        }
        claim.decision =
            decide_sale(now ? std::optional(now->state) : std::nullopt, terms.wallet, terms.sale);
        if (now) *item = *now;
        if (claim.decision.verdict != Verdict::sell) return claim;
        if (retries_left == 0) {
            claim.decision.verdict = Verdict::lost_race;
            return claim;
        }
    }
}

} // namespace vend
