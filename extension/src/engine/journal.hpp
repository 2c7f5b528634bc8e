#pragma once
// What plain SQL writes to stock and balance, so that the ledger explains every unit and coin
// whoever moved it.

#include "base/prelude.hpp"

#include "binding/store.hpp"

namespace vend {

// A row-level event on the store's items or wallets. The engine's own writes are checked against
// what was decided; those of others are journalled as adjustments, or refused.
void journal_row(Store &store, const TriggerData *trigger);

// What was written while nobody journalled, as adjustments; gives their number. The store was bound
// before, by a transaction that has ended or by this one.
uint64 journal_differences(Store &store);

// Rows that have gone while nobody watched take no refund any more, nor does who gets their keys.
void end_lost_keys(Store &store);

// The same for tables that were no store's before. Raises 55000 where a stock or a balance cannot be
// counted with.
uint64 journal_opening(Store &store);

void journal_truncation(Store &store, const TriggerData *trigger);

// A row-level event on the store's items or deltas that may not have been journalled: what the counters
// of escrow items have is no longer true.
void forget_counters(Store &store, const TriggerData *trigger);

} // namespace vend
