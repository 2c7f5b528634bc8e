#pragma once
// Locks rows of a table by their key, and waits no longer than the caller allows.
//
// A row is found in a fresh snapshot and then locked FOR NO KEY UPDATE, the lock that an UPDATE of other
// columns than the key takes. PostgreSQL keeps the lock until the transaction ends or its savepoint is
// rolled back, and sessions that wait for one row queue as they would with UPDATE.
//
// While a session waits, the row can change under it. A newer version is followed and locked instead,
// and its key is compared again. A row that was deleted or got another key does not count: lock_row()
// looks the key up again, because another row may have it by now. At REPEATABLE READ and SERIALIZABLE
// such a change raises 40001, because the transaction's snapshot cannot show it.
//
// What must stay true: a function that reports a locked row leaves its newest version in the slot, with
// the key that was asked for. docs/locking.md has the order in which calls lock rows, and the bounds of
// their waits.

#include "base/prelude.hpp"

#include "table/lock_wait.hpp"
#include "table/table.hpp"

#include <algorithm>

namespace vend {

// How many times a row may be replaced while we wait for it.
inline constexpr int replacements_max = 1000;

// Finds a row by its key and locks it FOR NO KEY UPDATE. busy: the time was over, or the row was
// replaced too many times.
LockResult lock_row(const Table &table, Datum key, LockWait wait, TupleTableSlot *row);

// Locks a row that was read before, in its newest version, and waits as long as it takes. False when the
// row is gone or has another key.
bool lock_version(const Table &table, Datum key, const RowVersion &version, TupleTableSlot *row);

} // namespace vend
