#pragma once
// Taking units from an item, by its lock mode. A claim writes the very version of the row that was
// decided on, or a row that is locked: one that is refused has changed nothing.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "core/decision.hpp"
#include "core/lock_mode.hpp"
#include "rows/rows.hpp"
#include "table/lock_wait.hpp"

namespace vend {

// What a claim needs to know of the sale.
struct ClaimTerms {
    SaleTerms sale;
    WalletState wallet; // locked, so its balance stays
    LockWait wait;
};

struct Claim {
    bool is_made = false;
    bool is_stale = false; // the item is sold in another way now: the sale starts over
    Decision decision;     // the price and amount that it was made at, or why it was refused
};

// Each takes the item as it was last read, updates it to what was seen since, and the decision made on
// it.

// One conditional write. After a concurrent writer it looks at what he left, under the lock of the row.
Claim claim_atomic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms);

// Locks the row, decides on what it finds, writes.
Claim claim_pessimistic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms);

// Writes only if nobody has written since the row was read; reads again, up to
// vend.optimistic_retries times, if somebody has.
Claim claim_optimistic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms);

// Takes from the counter of the item in shared memory and appends a delta; its row stays unlocked.
Claim claim_escrow(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms);

// The mode in which an item is sold: escrow if it is in it, else the argument of the call, its own mode,
// the setting.
LockMode mode_of_sale(Store &store, const Item &item, std::optional<LockMode> argument);

// Claims in the given mode. Whatever the mode, a bounded wait can only be had by locking the row first.
Claim claim(Store &store, LockMode mode, Item *item, const Decision &decision, const ClaimTerms &terms);

} // namespace vend
