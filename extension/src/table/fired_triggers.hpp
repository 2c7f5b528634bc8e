#pragma once
// The triggers of a table that a write without a statement has to care about. Such a write is made only
// where the statement would fire no trigger of the owner's. What it may still owe are the checks of
// foreign keys, which are triggers too; docs/architecture.md explains them in "Rows".

#include "base/prelude.hpp"

#include <span>

namespace vend {

// Whether an UPDATE that sets these columns fires a trigger that runs none of our functions. An empty
// list means that rows are inserted and deleted. Triggers of foreign keys whose columns are not written
// do not count.
bool fires_users_trigger(Relation relation, std::span<const AttrNumber> written,
                         std::span<const Oid> our_functions);

// The rows whose foreign keys to other tables PostgreSQL may check although no column of a key is
// written:
// - of_no_row: none, because the table has no such key;
// - of_own_rows: the rows that this transaction wrote. The check that the earlier write has queued may
//   not have run yet, and it skips a row version that is dead when it runs;
// - of_all_rows: all, because a key of several columns may be filled in only in part.
enum class KeyChecks { of_no_row, of_own_rows, of_all_rows };
KeyChecks key_checks_of(Relation relation);

// Checks the foreign keys of a row that was updated. Deferred ones are queued until they are due.
void check_foreign_keys(Relation relation, ItemPointerData was, TupleTableSlot *is);

} // namespace vend
