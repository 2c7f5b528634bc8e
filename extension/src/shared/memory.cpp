#include "base/prelude.hpp"

#include "shared/memory.hpp"

#include "base/settings.hpp"
#include "shared/counter.hpp"
#include "shared/counter_key.hpp"

#include <algorithm>

namespace vend {
namespace {

constexpr const char *tranche = "pg_vend";

SharedMemory the_memory;
shmem_request_hook_type next_request_hook = nullptr;
shmem_startup_hook_type next_startup_hook = nullptr;

// The postmaster calls on_request(), then on_startup(). Where it starts its sessions by exec, each of
// them calls on_startup() again and finds the memory filled.
void on_request();
void on_startup();

Size settlers_size();
void provide_hash_seed();
void provide_number_in_use();
void provide_counters();
void provide_settlers();
uint32 hash_key(const void *key, Size size);

} // namespace

SharedMemory &shared_memory() {
    return the_memory;
}

int settler_slot_count() {
    constexpr int databases_without_worker = 64;
    return max_worker_processes + databases_without_worker;
}

void request_shared_memory() {
    next_request_hook = shmem_request_hook;
    shmem_request_hook = on_request;
    next_startup_hook = shmem_startup_hook;
    shmem_startup_hook = on_startup;
}

namespace {

void on_request() {
    if (next_request_hook != nullptr) next_request_hook();
    RequestAddinShmemSpace(add_size(hash_estimate_size(settings::escrow_items(), sizeof(Counter)),
                                    add_size(settlers_size(), Size{2} * PG_CACHE_LINE_SIZE)));
    RequestNamedLWLockTranche(tranche, 2);
}

void on_startup() {
    if (next_startup_hook != nullptr) next_startup_hook();
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    provide_hash_seed();
    provide_number_in_use();
    provide_counters();
    provide_settlers();
    LWLockPadded *locks = GetNamedLWLockTranche(tranche);
    the_memory.counters_lock = &locks[0].lock;
    the_memory.settlers_lock = &locks[1].lock;
    LWLockRelease(AddinShmemInitLock);
}

Size settlers_size() {
    return add_size(offsetof(Settlers, slots),
                    mul_size(static_cast<Size>(settler_slot_count()), sizeof(SettlerSlot)));
}

// All sessions use the same seed for as long as the shared memory lives.
void provide_hash_seed() {
    bool is_found = false;
    the_memory.hash_seed =
        static_cast<uint64 *>(ShmemInitStruct("pg_vend hash seed", sizeof(uint64), &is_found));
    if (!is_found && !pg_strong_random(the_memory.hash_seed, sizeof(uint64)))
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not make a random number")));
}

void provide_number_in_use() {
    bool is_found = false;
    the_memory.counters_in_use = static_cast<pg_atomic_uint32 *>(
        ShmemInitStruct("pg_vend counters in use", sizeof(pg_atomic_uint32), &is_found));
    if (!is_found) pg_atomic_init_u32(the_memory.counters_in_use, 0);
}

void provide_counters() {
    HASHCTL control{};
    control.keysize = sizeof(CounterKey);
    control.entrysize = sizeof(Counter);
    control.hash = hash_key;
    the_memory.counters =
        ShmemInitHash("pg_vend counters", settings::escrow_items(), settings::escrow_items(), &control,
                      HASH_ELEM | HASH_FUNCTION | HASH_FIXED_SIZE);
}

void provide_settlers() {
    bool is_found = false;
    the_memory.settlers =
        static_cast<Settlers *>(ShmemInitStruct("pg_vend settlers", settlers_size(), &is_found));
    if (is_found) return;
    the_memory.settlers->next_warning = {};
    std::fill_n(the_memory.settlers->slots, settler_slot_count(), SettlerSlot{});
}

// Hashes only the bytes in use: most of the buffer for the item's key is unused. The seed is secret.
// Otherwise the owner of a store could choose keys that hash into one chain with a counter of another
// store, and each look at that counter would go through all of them.
uint32 hash_key(const void *key, Size /*size*/) {
    const auto *counter_key = static_cast<const CounterKey *>(key);
    const Size length = offsetof(CounterKey, bytes) + counter_key->length;
    return static_cast<uint32>(hash_bytes_extended(static_cast<const unsigned char *>(key),
                                                   static_cast<int>(length), *the_memory.hash_seed));
}

} // namespace
} // namespace vend
