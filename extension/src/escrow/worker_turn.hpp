#pragma once
// What the worker does at a time: it settles one item, or looks for items that have deltas, in a
// transaction of its own. It runs as the owner of the store, under the restrictions of a call by
// somebody else: nothing of the owner's that runs with a write can use the worker's own rights.

#include "base/prelude.hpp"

#include "shared/counters.hpp"

#include <span>

namespace vend {

// Once the worker is in its database: makes it who it is, whatever settings the database has.
void begin_work();
// Again after a reload: lock waits stay below deadlock_timeout.
void limit_lock_waits();

// How a transaction of the worker's ended. Locked out: somebody else has a row or table that it needs,
// and is in the database himself, so that it keeps nobody from dropping it if it stays to try again.
enum class End { done, row_locked, store_locked, failed };

// An item that has deltas, or may have.
struct Unsettled {
    const char *store;
    std::span<const uint8> item;     // its key
    const UnsettledCounter *counter; // null: there may be none
};

End settle(const Unsettled &unsettled);

// Adds the items of the store of that name that have deltas, each an Unsettled, in the given memory
// context.
End find_unsettled(const char *name, MemoryContext context, List **items);

} // namespace vend
