#include "base/prelude.hpp"

#include "shared/settlers.hpp"

#include "base/log.hpp"
#include "base/settings.hpp"
#include "shared/memory.hpp"
#include "shared/unsettled.hpp"

#include <algorithm>
#include <span>

namespace vend {
namespace {

// How long a worker may take to come up, and the pause after an attempt that failed.
constexpr int64 start_us_max = 10 * USECS_PER_SEC;
constexpr int64 retry_pause_us = USECS_PER_SEC;

// After so long without a worker the sessions that sell settle. The log says so once a minute, for all
// databases together.
constexpr int64 patience_us = 10 * USECS_PER_SEC;
constexpr int64 warning_pause_us = 60 * USECS_PER_SEC;

// A turn of a session that took longer than this, because of triggers of the owner's, is followed by a
// pause.
constexpr int64 turn_us_max = int64{100} * 1000;

SettlerSlot *known_slot = nullptr; // as this session found it last

// The steps of starting a worker.
void start(MonotonicTime now);
bool begin_start(MonotonicTime now);
bool start_worker();
void note_failed_start(MonotonicTime now);
bool begin_warning(MonotonicTime now, int64 *missing_s);
void warn(bool is_started, int64 missing_s);

void on_exit(int code, Datum argument);

// The slots.
std::span<SettlerSlot> slots();
SettlerSlot *slot_of(Oid database);
bool is_ours(const SettlerSlot *slot);
bool is_missed_for_long(const SettlerSlot &slot, MonotonicTime now);

// Runs body() with the slots locked.
template <typename Body> auto with_slots(Body body) {
    LWLockAcquire(shared_memory().settlers_lock, LW_EXCLUSIVE);
    const auto result = body();
    LWLockRelease(shared_memory().settlers_lock);
    return result;
}

} // namespace

void ensure_settler() {
    // Either a worker that is about to go sees the change of the counter, or this session sees that the
    // worker is gone.
    pg_memory_barrier();
    if (is_ours(known_slot) && known_slot->pid != 0) return;
    const MonotonicTime now = monotonic_now();
    if (!is_ours(known_slot) || known_slot->next_start <= now) start(now);
    may_be_callers_turn = is_ours(known_slot) && is_missed_for_long(*known_slot, now);
}

bool begin_callers_turn() {
    const MonotonicTime now = monotonic_now();
    if (!is_ours(known_slot) || now < known_slot->next_turn) return false;
    return with_slots([&] {
        if (!is_ours(known_slot) || !is_missed_for_long(*known_slot, now) || now < known_slot->next_turn)
            return false;
        known_slot->next_turn = after_ms(now, settings::settle_interval_ms());
        return true;
    });
}

void end_callers_turn(MonotonicTime begun) {
    const MonotonicTime now = monotonic_now();
    const int64 took_us = us_between(begun, now);
    if (took_us <= turn_us_max) return;
    (void)with_slots([&] {
        if (is_ours(known_slot)) known_slot->next_turn = after_us(now, settling_pauses * took_us);
        return true;
    });
}

MonotonicTime settler_missing_since() {
    if (!shared_memory().is_there()) return {};
    return with_slots([]() -> MonotonicTime {
        for (const SettlerSlot &slot : slots())
            if (slot.database == MyDatabaseId && slot.pid == 0) return slot.missed_since;
        return {};
    });
}

bool register_settler(Oid database) {
    if (!shared_memory().is_there()) return false;
    static bool releases_on_exit = false;
    if (!releases_on_exit) before_shmem_exit(on_exit, 0);
    releases_on_exit = true;
    return with_slots([&] {
        SettlerSlot *slot = slot_of(database);
        if (slot->pid != 0) return false;
        slot->pid = MyProcPid;
        known_slot = slot;
        return true;
    });
}

void begin_settling() {
    (void)with_slots([] {
        known_slot->missed_since = {};
        return true;
    });
}

void unregister_settler() {
    if (known_slot == nullptr) return;
    (void)with_slots([] {
        known_slot->pid = 0;
        // A worker that could not begin leaves missed_since, and the next one is not started at once.
        if (known_slot->missed_since == MonotonicTime{})
            *known_slot = {};
        else
            known_slot->next_start = after_us(monotonic_now(), retry_pause_us);
        return true;
    });
    known_slot = nullptr;
}

namespace {

void start(MonotonicTime now) {
    if (!begin_start(now)) return;
    const bool is_started = start_worker();
    if (!is_started) note_failed_start(now);
    int64 missing_s = 0;
    if (begin_warning(now, &missing_s)) warn(is_started, missing_s);
}

// Whether this session must start a worker now.
bool begin_start(MonotonicTime now) {
    return with_slots([&] {
        known_slot = slot_of(MyDatabaseId);
        if (known_slot->pid != 0 || now < known_slot->next_start) return false;
        if (known_slot->missed_since == MonotonicTime{}) known_slot->missed_since = now;
        known_slot->next_start = after_us(now, start_us_max);
        return true;
    });
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

void note_failed_start(MonotonicTime now) {
    (void)with_slots([&] {
        if (is_ours(known_slot) && known_slot->pid == 0)
            known_slot->next_start = after_us(now, retry_pause_us);
        return true;
    });
}

// Whether it is time to warn, and for how long no worker has settled.
bool begin_warning(MonotonicTime now, int64 *missing_s) {
    return with_slots([&] {
        Settlers &settlers = *shared_memory().settlers;
        if (!is_ours(known_slot) || !is_missed_for_long(*known_slot, now) || now < settlers.next_warning)
            return false;
        settlers.next_warning = after_us(now, warning_pause_us);
        *missing_s = us_between(known_slot->missed_since, now) / USECS_PER_SEC;
        return true;
    });
}

// Warns in the server's log alone, because a buyer can do nothing about it.
void warn(bool is_started, int64 missing_s) {
    to_log_alone([&] {
        const char *database = get_database_name(MyDatabaseId);
        if (is_started)
            ereport(
                WARNING,
                (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
                 errmsg("the background worker that settles escrow items of database \"%s\" does not "
                        "come up",
                        database),
                 errdetail("None has settled for %lld s; sessions that sell settle meanwhile.",
                           static_cast<long long>(missing_s)),
                 errhint("The messages before this one may say why it ended.")));
        else
            ereport(WARNING,
                    (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                     errmsg("no background worker is free to settle escrow items of database \"%s\"",
                            database),
                     errdetail("None has settled for %lld s; sessions that sell settle meanwhile.",
                               static_cast<long long>(missing_s)),
                     errhint("Raise max_worker_processes, which is %d, and restart the server.",
                             max_worker_processes)));
    });
}

void on_exit(int /*code*/, Datum /*argument*/) {
    unregister_settler();
}

std::span<SettlerSlot> slots() {
    SharedMemory &memory = shared_memory();
    return {memory.settlers->slots, static_cast<std::size_t>(settler_slot_count())};
}

// The slot of a database. A database that has none gets a free one, or takes that of the database which
// has no worker and asked least recently. There is one: there are more slots than workers.
SettlerSlot *slot_of(Oid database) {
    const std::span<SettlerSlot> all = slots();
    const auto known = std::ranges::find(all, database, &SettlerSlot::database);
    if (known != all.end()) return &*known;
    SettlerSlot &place = *std::ranges::min_element(all, [](const SettlerSlot &a, const SettlerSlot &b) {
        if ((a.pid == 0) != (b.pid == 0)) return a.pid == 0;
        if (OidIsValid(a.database) != OidIsValid(b.database)) return !OidIsValid(a.database);
        return a.next_start < b.next_start;
    });
    place = {};
    place.database = database;
    return &place;
}

// Works without the lock too. A caller that acts on the answer looks again with the lock.
bool is_ours(const SettlerSlot *slot) {
    return slot != nullptr && slot->database == MyDatabaseId;
}

bool is_missed_for_long(const SettlerSlot &slot, MonotonicTime now) {
    return slot.pid == 0 && slot.missed_since != MonotonicTime{} &&
           us_between(slot.missed_since, now) >= patience_us;
}

} // namespace
} // namespace vend
