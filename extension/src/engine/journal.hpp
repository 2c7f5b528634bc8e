#pragma once
// Journals direct writes: what plain SQL writes to a stock or balance, so that the ledger explains every
// unit and coin, whoever moved it.

#include "base/prelude.hpp"

#include "binding/store.hpp"

namespace vend {

// Handles a row-level event on the store's items or wallets. Checks a write of the engine against what
// was decided. Journals any other write as an adjustment, or refuses it.
void journal_row(Store &store, const TriggerData *trigger);

// Journals, as adjustments, what was written while the triggers were off. Returns the number of
// adjustments. The store is bound already.
uint64 journal_differences(Store &store);

// Ends the eras of rows that were deleted while the triggers were off: a row that gets such a key must
// not get the refunds.
void end_lost_keys(Store &store);

// Journals the opening figures of tables that were just attached. Raises 55000 where a stock or balance
// is not fit.
uint64 journal_opening(Store &store);

void journal_truncation(Store &store, const TriggerData *trigger);

// Handles a row-level event on the store's items or deltas that may not have been journalled: makes the
// counters of escrow items be loaded again.
void forget_counters(Store &store, const TriggerData *trigger);

} // namespace vend
