#include "base/prelude.hpp"

#include "claim/claim.hpp"

#include "binding/store.hpp"

namespace vend {

Claim claim_atomic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms) {
    // Where the owner's BEFORE triggers run, PostgreSQL locks the row first in any case.
    if (store.binding.is_written_directly() && take_if_unwritten(store, *item, terms.sale.qty))
        return {.is_made = true, .decision = decision};
    return claim_pessimistic(store, item, decision, terms);
}

} // namespace vend
