#pragma once
// What a write that is no statement owes to the triggers of a table: nothing, where a statement would
// fire none of the owner's, and the checks of foreign keys.

#include "base/prelude.hpp"

#include <span>

namespace vend {

// Whether an UPDATE that sets these columns fires a trigger, ours apart. No column: rows are inserted
// and deleted instead. Triggers of foreign keys whose columns are not written do not count.
bool fires_users_trigger(Relation relation, std::span<const AttrNumber> written,
                         std::span<const Oid> our_functions);

// The rows for which PostgreSQL may check the table's foreign keys to others although no column of
// theirs is written: none; those that this transaction wrote, since the check that their writing asked
// for may not have run yet and passes over a version that is dead by then; all, where a key of several
// columns may be filled in in part.
enum class KeyChecks { of_no_row, of_own_rows, of_all_rows };
KeyChecks key_checks_of(Relation relation);

// Checks the foreign keys of a row that was updated, now or when they are due.
void check_foreign_keys(Relation relation, ItemPointerData was, TupleTableSlot *is);

} // namespace vend
