#include "base/prelude.hpp"

#include "claim/claim.hpp"

namespace vend {

Claim claim_atomic(Store &store, const Item &item, const Decision &decision, const ClaimTerms &terms) {
    if (!claim_if_enough(store, item, terms.sale)) return {Claim::Result::inconclusive, decision};

    return {Claim::Result::claimed, decision};
}

} // namespace vend
