#include "base/prelude.hpp"

#include "claim/claim.hpp"

namespace vend {

Claim claim(Store &store, LockMode mode, Item *item, const Decision &decision, const ClaimTerms &terms) {
    if (terms.wait.is_bounded()) mode = LockMode::pessimistic;
    switch (mode) {
    case LockMode::atomic:
        return claim_atomic(store, item, decision, terms);
    case LockMode::pessimistic:
        return claim_pessimistic(store, item, decision, terms);
    case LockMode::optimistic:
        return claim_optimistic(store, item, decision, terms);
    }
    pg_unreachable();
}

} // namespace vend
