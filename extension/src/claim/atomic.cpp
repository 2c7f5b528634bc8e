#include "base/prelude.hpp"

#include "claim/claim.hpp"

#include "binding/store.hpp"

namespace vend {

Claim claim_atomic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms) {
    // A trigger of the owner's that is to run before the row is written needs its lock anyway.
    if (store.is_written_directly() && take_if_unwritten(store, *item, terms.sale.qty))
        return {.is_made = true, .decision = decision};
    return claim_pessimistic(store, item, decision, terms);
}

} // namespace vend
