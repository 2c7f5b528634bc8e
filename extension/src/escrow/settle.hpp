#pragma once
// Settles escrow items: folds their deltas into their rows.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "escrow/deltas.hpp"
#include "table/lock_wait.hpp"

namespace vend {

// Folds the deltas of an item into its row: all, or at least `deltas_min`. Returns how many it folded,
// or nothing when the row is locked and the caller does not wait. Raises what the owner's checks and
// triggers raise.
std::optional<int64> settle_item(Store &store, ItemKey item, LockWait wait,
                                 int64 deltas_min = all_deltas);

// Settles all items of the store, in the order of their keys. Warns about an item that it cannot settle.
int64 settle_store(Store &store);

// Settles one item of the store within a caller's session, where no worker has run for long and it is
// this session's turn. Waits for no lock. A failure goes to the log as a warning, and the caller's own
// work goes on.
void settle_as_caller(Store &store);

} // namespace vend
