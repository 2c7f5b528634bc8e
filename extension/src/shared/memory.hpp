#pragma once
// The shared memory of the library: the table of counters and the slots of the settling workers, each
// with its LWLock. It has a fixed size and is there only where the postmaster has preloaded the library:
// ask is_there() first. A crash or restart of the server empties it; nothing in it is the truth.

#include "base/prelude.hpp"

#include "base/clock.hpp"

namespace vend {

// A database that has a settling worker, or wants one.
struct SettlerSlot {
    Oid database = InvalidOid;  // invalid: free
    int pid = 0;                // of the worker; 0: there is none
    MonotonicTime missed_since; // a worker has been wanted since then, and none has begun; 0: one has
    MonotonicTime next_start;   // no session starts a worker before
    MonotonicTime next_turn;    // no session that sells settles before
};

// All fields are under settlers_lock.
struct Settlers {
    MonotonicTime next_warning; // that no worker could be started
    SettlerSlot slots[FLEXIBLE_ARRAY_MEMBER];
};

// One for each background worker of the server, and some for databases that have none.
int settler_slot_count();

struct SharedMemory {
    HTAB *counters = nullptr;                    // of Counter by CounterKey, under counters_lock
    pg_atomic_uint32 *counters_in_use = nullptr; // how many are pinned, see shared/shares.hpp
    uint64 *hash_seed = nullptr;                 // of the hash of the keys; never changes
    LWLock *counters_lock = nullptr;             // see shared/counter.hpp
    Settlers *settlers = nullptr;
    LWLock *settlers_lock = nullptr;

    [[nodiscard]] bool is_there() const { return counters != nullptr; }
};

SharedMemory &shared_memory();

// Asks for the memory; called while the postmaster loads the library.
void request_shared_memory();

} // namespace vend
