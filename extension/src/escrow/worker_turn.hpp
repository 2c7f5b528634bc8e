#pragma once
// One step of the settling worker, in a transaction of its own: settle one item, or look for items that
// have deltas. A step runs as the owner of the store, under the restrictions of a call by another role:
// code of the owner's that runs with a write cannot use the worker's own rights.

#include "base/prelude.hpp"

#include "shared/unsettled.hpp"

#include <span>

namespace vend {

// Prepares the worker once it is connected, whatever settings the database has.
void begin_work();
// Keeps lock waits below deadlock_timeout. Called again after a reload of the configuration.
void limit_lock_waits();

// How a step ended. Another session locks a row or a table that the step needs. That session keeps the
// database from being dropped in any case, so the worker may stay and try again.
enum class End { done, row_locked, store_locked, failed };

// An item that has deltas or may have some.
struct Unsettled {
    const char *store;
    std::span<const uint8> item;     // its key
    const UnsettledCounter *counter; // null where no counter may be in memory
};

End settle(const Unsettled &unsettled);

// Adds an Unsettled for each item of the store that has deltas, allocated in `context`.
End find_unsettled(const char *name, MemoryContext context, List **items);

} // namespace vend
