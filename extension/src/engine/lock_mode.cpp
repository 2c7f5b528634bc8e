#include "base/prelude.hpp"

#include "engine/lock_mode.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/lock_mode.hpp"
#include "escrow/items.hpp"
#include "rows/rows.hpp"
#include "table/lock_wait.hpp"

namespace vend {

bool change_lock_mode(Store &store, ItemKey key, std::optional<LockMode> mode) {
    Item item;
    if (lock_item(store, key, {}, &item) != LockResult::locked) return false;
    if (mode == LockMode::escrow) {
        require_escrow(store);
        (void)counter_key(store, item.key);
    }
    if (item.state.lock_mode == LockMode::escrow) {
        forget_counter(store, item.key);
        fold_own_deltas(store, &item);
    }
    set_locked_mode(store, item, mode);
    return true;
}

} // namespace vend
