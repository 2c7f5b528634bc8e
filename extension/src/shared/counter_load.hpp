#pragma once
// The load of a counter from the tables, in three steps: begin_load() marks the counter, the caller
// reads row and deltas, end_load() starts the counter from what was read. The caller has the item's
// counter lock in share mode and its load lock, so no other session loads the counter or closes it
// meanwhile. Nothing is pending: units can be taken only from a loaded counter, and they pin it. An
// error between the steps leaves the counter empty.

#include "base/prelude.hpp"

#include "core/checked.hpp"
#include "shared/counter_key.hpp"

#include <optional>

namespace vend {

// What the tables say.
struct CounterLoad {
    Quantity available{};
    int64 deltas = 0; // unsettled
};

// True when the caller must read and call end_load(); false when the counter is loaded. Raises 53400
// when there is no room, and 55006 when this transaction has units pending on another counter of the
// item.
bool begin_load(const CounterKey &key, Oid owner, const char *store, const char *item);

// Nothing in load: the item is not in escrow.
void end_load(const std::optional<CounterLoad> &load);

} // namespace vend
