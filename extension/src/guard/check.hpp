#pragma once
// A version guard checks an UPDATE: it refuses to change a guarded column unless the UPDATE states the
// row's current version.

#include "base/prelude.hpp"

#include "core/guard.hpp"
#include "guard/guard.hpp"

namespace vend {

// What the guard decides about an updated row.
struct GuardedRow {
    GuardVerdict verdict = GuardVerdict::pass; // pass, or count_up
    int64 was = 0;
};

// Raises when the UPDATE is refused.
GuardedRow check_update(const TriggerData *trigger, const Guard &guard);

// Returns the row with its version counted up, for a BEFORE trigger.
HeapTuple counted_up(const TriggerData *trigger, const Guard &guard, int64 was);

// Whether the type of the column has room for the next version.
bool has_next(const Guard &guard, int64 version);

// Raises 22003 where it cannot.
void require_in_range(Relation relation, const Guard &guard, int64 was);

// Raises VN004: the row has another version than the one that the caller read.
[[noreturn]] void raise_stale(Relation relation, int64 was, int64 read);

} // namespace vend
