#include "base/prelude.hpp"

#include "claim/claim.hpp"

#include "base/settings.hpp"
#include "binding/store.hpp"
#include "core/lock_mode.hpp"
#include "escrow/items.hpp"

namespace vend {

Claim claim(Store &store, LockMode mode, Item *item, const Decision &decision, const ClaimTerms &terms) {
    if (item->state.is_unlimited) return claim_unlimited(store, item, decision, terms);
    if (terms.wait.is_bounded() && mode != LockMode::escrow) mode = LockMode::pessimistic;
    switch (mode) {
    case LockMode::atomic:
        return claim_atomic(store, item, decision, terms);
    case LockMode::pessimistic:
        return claim_pessimistic(store, item, decision, terms);
    case LockMode::optimistic:
        return claim_optimistic(store, item, decision, terms);
    case LockMode::escrow:
        return claim_escrow(store, item, decision, terms);
    }
    pg_unreachable();
}

LockMode mode_of_sale(Store &store, const Item &item, std::optional<LockMode> argument) {
    if (is_in_escrow(store, item)) return LockMode::escrow;
    // This transaction has set the mode in the row to escrow, which takes effect at its commit.
    if (item.state.lock_mode == LockMode::escrow) return LockMode::pessimistic;
    return effective_lock_mode(argument, item.state.lock_mode, settings::lock_mode());
}

} // namespace vend
