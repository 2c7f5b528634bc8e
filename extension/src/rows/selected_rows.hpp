#pragma once
// Rows of items or wallets of a table that has no index of its own to descend, because it is
// partitioned: read and locked by statements. What is read, how rows are locked and who waits for whom
// is the same.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "table/lock_wait.hpp"

namespace vend {

// Each leaves what is bound of the row in a virtual row of the table; false where there is none.
bool select_item_in_snapshot(Store &store, ItemKey key, TupleTableSlot *row);
bool select_wallet_in_snapshot(Store &store, WalletKey key, TupleTableSlot *row);
LockResult lock_selected_item(Store &store, ItemKey key, LockWait wait, TupleTableSlot *row);
LockResult lock_selected_wallet(Store &store, WalletKey key, LockWait wait, TupleTableSlot *row);

} // namespace vend
