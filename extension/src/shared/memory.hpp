#pragma once
// The fixed shared memory of the library: there only where the postmaster has preloaded it.

#include "base/prelude.hpp"

#include "base/clock.hpp"
#include "shared/counter.hpp"

namespace vend {

struct SettlerSlot {
    Oid database; // invalid: free
    int pid;      // 0: has not come up yet
    MonotonicTime started;
};

struct SharedMemory {
    HTAB *counters = nullptr;    // of Counter by CounterKey, under counters_lock
    uint64 *hash_seed = nullptr; // of their hash; never changes
    LWLock *counters_lock = nullptr;
    SettlerSlot *settlers = nullptr; // max_worker_processes of them, under settlers_lock
    LWLock *settlers_lock = nullptr;

    [[nodiscard]] bool is_there() const { return counters != nullptr; }
};

SharedMemory &shared_memory();

// Asks for the memory; called while the postmaster loads the library.
void request_shared_memory();

} // namespace vend
