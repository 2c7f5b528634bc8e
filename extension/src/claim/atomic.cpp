#include "base/prelude.hpp"

#include "claim/claim.hpp"

namespace vend {

Claim claim_atomic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms) {
    const auto left = claim_if_enough(store, *item, terms.sale);
    if (!left) return {Claim::Result::inconclusive, decision};
    item->state.stock = *left;
    return {Claim::Result::claimed, decision};
}

} // namespace vend
