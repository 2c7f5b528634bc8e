#include "base/prelude.hpp"

#include "shared/settlers.hpp"

#include "shared/memory.hpp"

namespace vend {
namespace {

// How long a worker may take to come up, and how long to wait after one could not be had.
constexpr int64 start_us_max = 10 * USECS_PER_SEC;
constexpr int64 retry_pause_us = USECS_PER_SEC;

SettlerSlot *known_slot = nullptr;
MonotonicTime last_attempt;

bool is_alive(const SettlerSlot &slot, MonotonicTime now) {
    return slot.database == MyDatabaseId &&
           (slot.pid != 0 || us_between(slot.started, now) < start_us_max);
}

// A place for a worker of this database; null when there is one, or none is free.
SettlerSlot *claim_slot(MonotonicTime now) {
    SharedMemory &memory = shared_memory();
    SettlerSlot *place = nullptr;
    LWLockAcquire(memory.settlers_lock, LW_EXCLUSIVE);
    for (SettlerSlot *slot = memory.settlers; slot < memory.settlers + max_worker_processes; ++slot) {
        if (is_alive(*slot, now)) {
            known_slot = slot;
            place = nullptr;
            break;
        }
        if (place == nullptr && (!OidIsValid(slot->database) || slot->database == MyDatabaseId))
            place = slot;
    }
    if (place != nullptr) *place = {MyDatabaseId, 0, now};
    LWLockRelease(memory.settlers_lock);
    return place;
}

void release(SettlerSlot *slot) {
    LWLockAcquire(shared_memory().settlers_lock, LW_EXCLUSIVE);
    *slot = {};
    LWLockRelease(shared_memory().settlers_lock);
}

bool start_worker() {
    BackgroundWorker worker{};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = BGW_NEVER_RESTART;
    worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
    (void)strlcpy(worker.bgw_library_name, "pg_vend", BGW_MAXLEN);
    (void)strlcpy(worker.bgw_function_name, "vend_settler_main", BGW_MAXLEN);
    (void)strlcpy(worker.bgw_type, "pg_vend settler", BGW_MAXLEN);
    (void)snprintf(worker.bgw_name, BGW_MAXLEN, "pg_vend settler for database %u", MyDatabaseId);
    return RegisterDynamicBackgroundWorker(&worker, nullptr);
}

void on_exit(int /*code*/, Datum /*argument*/) {
    unregister_settler();
}

} // namespace

void ensure_settler() {
    // What was done to the counter is seen by a worker that is about to go before this looks for one.
    pg_memory_barrier();
    if (known_slot != nullptr && known_slot->database == MyDatabaseId && known_slot->pid != 0) return;
    known_slot = nullptr;
    const MonotonicTime now = monotonic_now();
    if (us_between(last_attempt, now) < retry_pause_us) return;
    SettlerSlot *slot = claim_slot(now);
    if (slot == nullptr) return;
    last_attempt = now;
    if (!start_worker()) release(slot);
}

bool register_settler(Oid database) {
    SharedMemory &memory = shared_memory();
    if (!memory.is_there()) return false;
    static bool releases_on_exit = false;
    if (!releases_on_exit) before_shmem_exit(on_exit, 0);
    releases_on_exit = true;
    SettlerSlot *place = nullptr;
    LWLockAcquire(memory.settlers_lock, LW_EXCLUSIVE);
    for (SettlerSlot *slot = memory.settlers; slot < memory.settlers + max_worker_processes; ++slot) {
        if (slot->database == database) {
            place = slot->pid == 0 ? slot : nullptr;
            break;
        }
        if (place == nullptr && !OidIsValid(slot->database)) place = slot;
    }
    if (place != nullptr) *place = {database, MyProcPid, monotonic_now()};
    known_slot = place;
    LWLockRelease(memory.settlers_lock);
    return place != nullptr;
}

void unregister_settler() {
    if (known_slot == nullptr) return;
    release(known_slot);
    known_slot = nullptr;
}

} // namespace vend
