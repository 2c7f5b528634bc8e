#pragma once
// Taking units from an item, by its lock mode. A claim depends on what stands in the WHERE of its one
// UPDATE, or on a row that is locked: one that finds nothing has changed nothing.

#include "base/prelude.hpp"

#include "core/decision.hpp"
#include "store/rows.hpp"

namespace vend {

// What a claim needs to know of the sale.
struct ClaimTerms {
    SaleTerms sale;
    WalletState wallet; // locked, so its balance stays
    LockWait wait;
};

struct Claim {
    enum class Result {
        claimed,
        refused,      // the decision says why
        inconclusive, // the row is not what it was when the decision was made
    };
    Result result = Result::inconclusive;
    Decision decision; // the price and amount that the claim was made at
};

// Each takes the item as it was last read, updates it to what was seen since, and the decision made on
// it.

// One conditional UPDATE, which waits for a concurrent writer and then looks at what he left.
Claim claim_atomic(Store &store, const Item &item, const Decision &decision, const ClaimTerms &terms);

// Locks the row, decides on what it finds, writes.
Claim claim_pessimistic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms);

// Writes only if nobody has written since the row was read; reads again, up to
// vend.optimistic_retries times, if somebody has.
Claim claim_optimistic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms);

// Claims in the given mode. Whatever the mode, a bounded wait can only be had by locking the row first.
Claim claim(Store &store, LockMode mode, Item *item, const Decision &decision, const ClaimTerms &terms);

} // namespace vend
