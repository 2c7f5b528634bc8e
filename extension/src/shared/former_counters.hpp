#pragma once
// Former counters: those of a store's tables in another state (shared/counter_key.hpp), and those of a
// database that had the same oid before. A counter of a former state knows nothing of what was written
// since. Columns and bindings can change and change back, so the key alone does not keep a session from
// finding one again. Therefore a session forgets the counters of all other states whenever it meets a
// state, before it sells in it or hears of a write.
//
// A former counter without pins is removed. One with pending units becomes outdated: nobody sells from
// it, and it is empty once those transactions have ended.

#include "base/prelude.hpp"

#include "shared/counter_key.hpp"

namespace vend {

// Forgets the counters of these tables in other states, and those of former lives of the database.
void forget_former_states(const TableState &table);

// Forgets those of former lives of the database alone.
void forget_former_life();

} // namespace vend
