#pragma once
// Changes the lock mode of an item.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/lock_mode.hpp"

namespace vend {

// Without a mode, the item follows the setting. Returns false when there is no such item. Raises 55000
// where escrow is not possible, and 55006 when this transaction itself has moved units of the item.
bool change_lock_mode(Store &store, ItemKey key, std::optional<LockMode> mode);

} // namespace vend
