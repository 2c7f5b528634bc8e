#pragma once
// Waiting for a row lock no longer than the caller allows.

#include "base/prelude.hpp"

#include "store/rows.hpp"
#include "store/table.hpp"

namespace vend {

// Finds a row by its key and locks it FOR NO KEY UPDATE.
LockResult lock_row(Table &table, Datum key, LockWait wait, TupleTableSlot *row);

// In a store without wallets nothing of the buyer can be locked, so calls with one id queue at a lock of
// the id, until the end of the transaction. Ids that collide in it wait for each other, no more. False
// when it was not to be had in the time allowed.
bool lock_id(const Store &store, Datum id, LockWait wait);

} // namespace vend
