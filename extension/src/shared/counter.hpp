#pragma once
// One counter as it lies in shared memory, and the locks of this room. Only shared/ sees this struct:
// other rooms call shared/counters.hpp and the headers that it names.
//
// A session takes these locks in this order:
//   the counter lock and the load lock of the item, heavyweight locks that the callers of this room take
//     (rows/call_locks.hpp);
//   counters_lock, an LWLock (shared/counter_table.hpp): in share mode to find a counter; in exclusive
//     mode to add or remove one, and to decide who may use the last free ones;
//   Counter::mutex, a spinlock: for a few instructions that call nothing. Nobody has two of them.
//
// What must stay true:
//   - What stands above `mutex` is written once, when the counter comes into the table, with
//     counters_lock in exclusive mode. What stands below it is read and written with the spinlock.
//   - A counter with pins is not removed. So whoever has pinned one uses it with the spinlock alone.
//   - Commit and abort take spinlocks of pinned counters and nothing else; they neither allocate nor
//     raise (shared/pending.hpp).

#include "base/prelude.hpp"

#include "base/clock.hpp"
#include "core/counter.hpp"
#include "shared/counter_key.hpp"

namespace vend {

struct Counter {
    // outdated: the tables have changed since the load, and units are still pending. Nobody sells from
    // the counter, and it becomes empty once they have ended.
    enum class State { empty, loading, loaded, outdated };

    CounterKey key; // dynahash wants it first
    char store[NAMEDATALEN];
    char item[NAMEDATALEN]; // the key as text, cut off where it is longer
    uint32 hash;            // item_hash() of the key
    Oid owner;              // of the store
    uint32 life;            // of the database, see look_up_life()
    ConditionVariable changed;
    slock_t mutex;

    State state;
    int pins;    // entries in the lists of shared/pending.hpp that need the counter to stay
    int waiting; // sessions that wait for units

    CounterUnits units;
    uint64 changes; // grows with each change that a waiting session must hear of

    int64 unsettled;               // committed deltas; a hint, which settling puts right
    MonotonicTime unsettled_since; // 0: all is settled
    MonotonicTime settle_after;
    int failures; // to settle the item, in a row
    MonotonicTime used;

    // Since the counter came into the table.
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

// Unlocks a counter that has changed, and wakes the sessions that wait for a change. Neither allocates
// nor raises.
inline void unlock_changed(Counter *counter) {
    ++counter->changes;
    const bool is_awaited = counter->waiting > 0;
    SpinLockRelease(&counter->mutex);
    if (is_awaited) ConditionVariableBroadcast(&counter->changed);
}

} // namespace vend
