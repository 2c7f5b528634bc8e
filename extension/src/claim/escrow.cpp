#include "base/prelude.hpp"

#include "claim/claim.hpp"

#include "binding/store.hpp"
#include "claim/entered.hpp"
#include "core/checked.hpp"
#include "core/figure.hpp"
#include "core/verdict.hpp"
#include "escrow/deltas.hpp"
#include "escrow/items.hpp"
#include "rows/call_locks.hpp"
#include "shared/counter_key.hpp"
#include "shared/counters.hpp"

namespace vend {

Claim claim_escrow(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms) {
    Claim claim{.decision = decision};
    if (!has_entered(enter_escrow(store, terms.wait, item), &claim)) return claim;
    const CounterKey key = counter_key(store, item->key);
    bool is_busy = false;
    while (const auto reading = loaded_reading(store, item->key, key, terms.wait, &is_busy)) {
        set_stock(item, *reading);
        claim.decision = decide_sale(item->state, terms.wallet, terms.sale);
        if (claim.decision.verdict != Verdict::accept) {
            unlock_counter(store, item->key);
            return claim;
        }
        if (take_from_counter(key, terms.sale.qty) == CounterChange::made) {
            const Delta delta{item->key, by_sale(negated(terms.sale.qty))};
            record_deltas(store, {&delta, 1});
            claim.is_made = true;
            return claim;
        }
    }
    if (is_busy) {
        unlock_counter(store, item->key);
        claim.decision.verdict = Verdict::busy;
    }
    claim.is_stale = !is_busy;
    return claim;
}

} // namespace vend
