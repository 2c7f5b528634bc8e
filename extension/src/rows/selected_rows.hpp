#pragma once
// Reads and locks rows of items or wallets in partitioned tables, by statements.
//
// A partitioned table has no index of its own that could be descended: each partition has one. So rows
// are found by the statements read_item, lock_item and so on of rows/compose.cpp. What is read and
// locked is the same as in table/row_lock.hpp: the row lock is FOR NO KEY UPDATE, sessions queue in the
// same way, and a bounded wait first tries SKIP LOCKED and then waits in a subtransaction with a
// lock_timeout.
//
// A row is returned in a virtual slot of the partitioned table, which has only the bound columns and no
// row version (version_of() is empty). So such rows are never written by their version. They are locked
// by their key and written by a statement.
//
// docs/architecture.md explains this in "Rows"; docs/existing-tables.md has "Partitioned tables".

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "table/lock_wait.hpp"

namespace vend {

// Each leaves the bound columns of the row in a virtual slot of the table. False, or absent, when there
// is no such row.
bool select_item_in_snapshot(Store &store, ItemKey key, TupleTableSlot *row);
bool select_wallet_in_snapshot(Store &store, WalletKey key, TupleTableSlot *row);
LockResult lock_selected_item(Store &store, ItemKey key, LockWait wait, TupleTableSlot *row);
LockResult lock_selected_wallet(Store &store, WalletKey key, LockWait wait, TupleTableSlot *row);

} // namespace vend
