#pragma once
// The fixed shared memory of the library: there only where the postmaster has preloaded it.

#include "base/prelude.hpp"

#include "base/clock.hpp"

namespace vend {

// A database that has a worker, or wants one.
struct SettlerSlot {
    Oid database = InvalidOid; // invalid: free
    int pid = 0;               // of the worker; 0: there is none
    MonotonicTime
        missed_since;         // since then one has been wanted and none has begun to settle; 0: one has
    MonotonicTime next_start; // none is started before
    MonotonicTime next_turn;  // no caller settles before
};

// Under settlers_lock.
struct Settlers {
    MonotonicTime next_warning; // that no worker is to be had
    SettlerSlot slots[FLEXIBLE_ARRAY_MEMBER];
};

// One for each worker that there can be, and some for databases that have none.
int settler_slot_count();

struct SharedMemory {
    HTAB *counters = nullptr;                    // of Counter by CounterKey, under counters_lock
    pg_atomic_uint32 *counters_in_use = nullptr; // how many of them, see shared/shares.hpp
    uint64 *hash_seed = nullptr;                 // of their hash; never changes
    LWLock *counters_lock = nullptr;
    Settlers *settlers = nullptr;
    LWLock *settlers_lock = nullptr;

    [[nodiscard]] bool is_there() const { return counters != nullptr; }
};

SharedMemory &shared_memory();

// Asks for the memory; called while the postmaster loads the library.
void request_shared_memory();

} // namespace vend
