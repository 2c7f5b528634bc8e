#pragma once
// Settling: the deltas of escrow items become part of their rows.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "escrow/deltas.hpp"
#include "table/lock_wait.hpp"

namespace vend {

// Folds the deltas of an item into its row, all or the first ones, and says how many there were; nothing
// when the row is locked and the caller does not wait. Raises what the owner's checks and triggers
// raise.
std::optional<int64> settle_item(Store &store, ItemKey item, LockWait wait,
                                 int64 deltas_min = all_deltas);

// All items of the store, in the order of their keys. What cannot be settled is a warning.
int64 settle_store(Store &store);

// In a session whose call has moved units of the store, where no worker has come for long: settles one
// of its items, if it is this session's turn. It waits for no lock. What fails is a warning in the log
// and not the caller's concern.
void settle_as_caller(Store &store);

} // namespace vend
