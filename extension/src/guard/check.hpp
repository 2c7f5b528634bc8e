#pragma once
// Version guards at work: an UPDATE of a guarded column is refused unless it says the version that the
// row has.

#include "base/prelude.hpp"

#include "core/guard.hpp"
#include "guard/guard.hpp"

namespace vend {

// What the guard makes of a row that is updated.
struct GuardedRow {
    GuardVerdict verdict = GuardVerdict::pass; // pass, or count_up
    int64 was = 0;
};

// Raises when the UPDATE is refused.
GuardedRow check_update(const TriggerData *trigger, const Guard &guard);

// The row with its version counted up, before it is written.
HeapTuple counted_up(const TriggerData *trigger, const Guard &guard, int64 was);

// Whether the type of the column has a version after this one.
bool has_next(const Guard &guard, int64 version);

// Raises 22003 where it has none.
void require_in_range(Relation relation, const Guard &guard, int64 was);

// Raises VN004: the row has another version than the one that was read.
[[noreturn]] void raise_stale(Relation relation, int64 was, int64 read);

} // namespace vend
