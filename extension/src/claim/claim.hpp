#pragma once
// A claim takes units from an item, in one of the lock modes; each mode has a file. A claim writes
// either a locked row or exactly the row version that was decided on. A refused claim has changed
// nothing.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "core/decision.hpp"
#include "core/lock_mode.hpp"
#include "rows/rows.hpp"
#include "table/lock_wait.hpp"

namespace vend {

// The part of a sale that a claim needs.
struct ClaimTerms {
    SaleTerms sale;
    WalletState wallet; // locked, so the balance cannot change
    LockWait wait;
};

struct Claim {
    bool is_made = false;
    bool is_stale = false; // the item has another lock mode now: the sale starts over
    Decision decision;     // the price and amount of the claim, or why it was refused
};

// Each function gets the item as it was last read, with the decision made on it, and updates both to
// what it finds.

// Writes once, if nobody has written since the item was read. Else locks the row and decides again.
Claim claim_atomic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms);

// Locks the row, decides on its newest version, and writes.
Claim claim_pessimistic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms);

// Writes only if nobody has written since the row was read. Else reads it again, at most
// vend.optimistic_retries times.
Claim claim_optimistic(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms);

// Takes units from the item's counter in shared memory and appends a delta. Does not lock the row.
Claim claim_escrow(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms);

// Takes nothing: the item is unlimited, whatever its lock mode. Sales of it do not wait for each other.
Claim claim_unlimited(Store &store, Item *item, const Decision &decision, const ClaimTerms &terms);

// The lock mode of this sale: escrow for an item in escrow; else the call's argument, the item's own
// mode, or the setting.
LockMode mode_of_sale(Store &store, const Item &item, std::optional<LockMode> argument);

// Claims in the given mode. With a bounded wait every row mode locks the row first.
Claim claim(Store &store, LockMode mode, Item *item, const Decision &decision, const ClaimTerms &terms);

} // namespace vend
