#pragma once
// Settling: the deltas of escrow items become part of their rows.

#include "base/prelude.hpp"

#include "store/rows.hpp"

namespace vend {

// Folds the deltas of an item into its row and says how many there were; nothing when the row is locked
// and the caller does not wait. Raises what the owner's checks and triggers raise.
std::optional<int64> settle_item(Store &store, Datum item, LockWait wait);

// All items of the store, in the order of their keys. What cannot be settled is a warning.
int64 settle_store(Store &store);

} // namespace vend
