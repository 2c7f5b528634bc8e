#pragma once
// Locking rows of a table, and waiting for that no longer than the caller allows.

#include "base/prelude.hpp"

#include "table/lock_wait.hpp"
#include "table/table.hpp"

#include <algorithm>

namespace vend {

// How often a row may be replaced while we wait for it.
inline constexpr int replacements_max = 1000;

// Finds a row by its key and locks it FOR NO KEY UPDATE.
LockResult lock_row(Table &table, Datum key, LockWait wait, TupleTableSlot *row);

// Locks a version of a row that was found before, or what it has become; false when that has gone.
bool lock_version(Table &table, Datum key, const RowVersion &version, TupleTableSlot *row);

} // namespace vend
