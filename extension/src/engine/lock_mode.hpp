#pragma once
// Changing the mode in which an item is sold.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/lock_mode.hpp"

namespace vend {

// Nothing: the item follows the setting. False when there is no such item. Raises 55000 where escrow is
// not to be had, 55006 when this transaction itself has sold units of the escrow item.
bool change_lock_mode(Store &store, ItemKey key, std::optional<LockMode> mode);

} // namespace vend
