#pragma once
// One counter as it lies in shared memory. The directory keeps this to itself: others see it through
// shared/counters.hpp.

#include "base/prelude.hpp"

#include "base/clock.hpp"
#include "core/counter.hpp"
#include "shared/counter_key.hpp"

namespace vend {

struct Counter {
    // outdated: of another state of the tables, with something pending; empty once that has ended.
    enum class State { empty, loading, loaded, outdated };

    CounterKey key; // first, as dynahash wants it
    char store[NAMEDATALEN];
    char item[NAMEDATALEN];
    uint32 hash; // item_hash() of it
    Oid owner;   // of its store
    uint32 life; // of the database, see look_up_life()
    ConditionVariable changed;
    slock_t mutex; // of all that follows

    State state;
    int pins;    // holds on it, which keep it in memory
    int waiting; // sessions, for units

    CounterUnits units;
    uint64 changes;

    int64 unsettled;               // committed deltas
    MonotonicTime unsettled_since; // 0: all is settled
    MonotonicTime settle_after;
    int failures; // to settle it, in a row
    MonotonicTime used;

    // Since it came into memory.
    int64 reserved_total; // units
    int64 refused_total;  // sales
    int64 settled_total;  // deltas
};

inline void lock(Counter *counter) {
    SpinLockAcquire(&counter->mutex);
}

inline void unlock(Counter *counter) {
    SpinLockRelease(&counter->mutex);
}

// Lets go of a counter that was changed, and wakes who waits for that. Neither allocates nor raises.
inline void unlock_changed(Counter *counter) {
    ++counter->changes;
    const bool is_awaited = counter->waiting > 0;
    SpinLockRelease(&counter->mutex);
    if (is_awaited) ConditionVariableBroadcast(&counter->changed);
}

} // namespace vend
