#pragma once
// What the counters know of deltas that are not settled yet: for the worker, and for a session that
// settles where there is no worker (escrow/settle.hpp). The numbers are hints. They can be too large or
// too small for a while, and an eviction or a crash forgets them: the worker also searches the tables.
//
// An item or a store that was hard to settle is left alone for a while (settle_after).

#include "base/prelude.hpp"

#include "base/clock.hpp"
#include "shared/counter_key.hpp"

#include <optional>

namespace vend {

// A counter of this database with unsettled deltas.
struct UnsettledCounter {
    CounterKey key;
    uint64 changes; // when it was seen
    char store[NAMEDATALEN];
};

// The counters whose deltas are due to be settled, each an UnsettledCounter. is_awaited: some are
// due, or deltas will come that are worth waiting for.
List *unsettled_counters(bool *is_awaited);
// The one with the oldest deltas, of the counters that are due in this state of a store's tables.
std::optional<UnsettledCounter> longest_unsettled(const TableState &table);

// Leaves the item alone: it could not be settled.
void postpone_settling(const CounterKey &key);

// Settling that took long, because of triggers of the owner's, is followed by a pause of so many times
// as long.
inline constexpr int64 settling_pauses = 9;
void postpone_store(const char *store, MonotonicTime from, int64 took_us);
// When the first counter of the store ends its pause; 0 where the store has none.
MonotonicTime pause_of_store(const char *store);

// Settling has found no deltas: the counter has none, unless it has changed since it was seen.
void forget_unsettled(const UnsettledCounter &unsettled);

} // namespace vend
