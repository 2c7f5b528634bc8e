#include "base/prelude.hpp"

#include "base/clock.hpp"
#include "base/settings.hpp"
#include "escrow/worker_turn.hpp"
#include "shared/counter_key.hpp"
#include "shared/counter_list.hpp"
#include "shared/settlers.hpp"
#include "shared/unsettled.hpp"

#include <algorithm>

// The background worker that settles the escrow items of one database. The stores take turns, so that a
// store with slow triggers delays the others by one item at a time:
//
// - A turn settles one item, and further items until a tenth of a second has passed.
// - Quick stores come first. Each item of a quick store took less than a quarter of a second in the
//   store's last turn. Then come stores that had no turn yet, then slow stores, each in the order in
//   which they have waited. After one store that is not quick has used its time, the quick stores come
//   again.
// - After a turn, a slow store pauses for nine times as long as its item took, if there are other
//   stores.
//
// The worker forgets a store that has had nothing to settle for a minute. When an item takes so long
// that the worker has to end, shared memory keeps the store's pause for the next worker.

extern "C" PGDLLEXPORT void vend_settler_main(Datum database);

namespace vend {
namespace {

// The worker ends after so long without work. DROP DATABASE waits 5 s for other sessions to end.
constexpr int64 idle_us_max = USECS_PER_SEC;

// How often the worker looks for deltas whose counters are not in memory.
constexpr int64 search_pause_us = 3 * USECS_PER_SEC;

constexpr int64 turn_us_max = int64{100} * 1000;

constexpr int64 quick_us_max = int64{250} * 1000;

constexpr int64 forget_us = 60 * USECS_PER_SEC;

enum class Pace { unknown, quick, slow };

// A store of this database.
struct StoreTurns {
    char name[NAMEDATALEN];
    MemoryContext context; // has the items
    List *items;           // left to settle, each an Unsettled
    bool is_search_due;
    Pace pace;
    MonotonicTime pause_end; // no turn before this time
    MonotonicTime used;
};

struct Worker {
    MemoryContext stores_context;
    MemoryContext pass_context; // lasts for one pass over the stores
    List *stores = NIL;         // each a StoreTurns; the store that has waited longest comes first
    MonotonicTime last_search{};
    bool is_locked_out = false; // a store was locked since the latest search
};

// The steps.

Worker new_worker();
void run_settler(Worker &worker);
// Looks for deltas whose counters are not in memory: an earlier run of the server or a restored database
// left them, or other counters took their room. Looks only in stores that sell here: a store that is
// replicated from another server is settled there.
void begin_search(Worker &worker);
// Gives items that are due to the stores that have none left. Returns whether more will come due.
bool collect_items(Worker &worker);
// Gives a turn to each quick store that has work, and then to other stores until one has used its time.
// Returns whether more work is to be done at once.
bool pass(Worker &worker);
bool has_work(const StoreTurns &store);
bool has_work(const Worker &worker);
void wait_for_work(long timeout_ms);

Worker new_worker() {
    return {.stores_context =
                AllocSetContextCreate(TopMemoryContext, "pg_vend stores", ALLOCSET_DEFAULT_SIZES),
            .pass_context =
                AllocSetContextCreate(TopMemoryContext, "pg_vend settler", ALLOCSET_DEFAULT_SIZES)};
}

void run_settler(Worker &worker) {
    begin_settling();
    MonotonicTime last_work;
    bool is_leaving = false;
    MemoryContextSwitchTo(worker.pass_context);
    begin_search(worker);
    for (;;) {
        MemoryContextReset(worker.pass_context);
        if (us_between(worker.last_search, monotonic_now()) > search_pause_us) begin_search(worker);
        pgstat_report_activity(STATE_RUNNING, "settling escrow items");
        const bool is_awaited = collect_items(worker);
        const bool is_more = pass(worker);
        const MonotonicTime now = monotonic_now();
        if (is_awaited || has_work(worker)) last_work = now;
        if (is_leaving && !has_work(worker)) {
            if (!is_awaited && !worker.is_locked_out) return;
            is_leaving = false;
            last_work = now;
        }
        if (us_between(last_work, now) > idle_us_max) {
            is_leaving = true;
            begin_search(worker);
            continue;
        }
        wait_for_work(is_more ? 0
                              : std::min<long>(settings::settle_interval_ms(),
                                               is_awaited ? PG_INT32_MAX : idle_us_max / 1000));
    }
}

StoreTurns *at(ListCell *cell) {
    return static_cast<StoreTurns *>(lfirst(cell));
}

void forget_unused_stores(Worker &worker) {
    const MonotonicTime now = monotonic_now();
    ListCell *cell = nullptr;
    foreach (cell, worker.stores) {
        StoreTurns *store = at(cell);
        if (has_work(*store) || us_between(store->used, now) < forget_us) continue;
        MemoryContextDelete(store->context);
        worker.stores = foreach_delete_current(worker.stores, cell);
        pfree(store);
    }
}

StoreTurns &store_named(Worker &worker, const char *name) {
    ListCell *cell = nullptr;
    foreach (cell, worker.stores)
        if (strcmp(at(cell)->name, name) == 0) return *at(cell);
    MemoryContext caller = MemoryContextSwitchTo(worker.stores_context);
    auto *store = static_cast<StoreTurns *>(palloc0(sizeof(StoreTurns)));
    (void)strlcpy(store->name, name, NAMEDATALEN);
    store->context = AllocSetContextCreate(worker.stores_context, "pg_vend items", ALLOCSET_SMALL_SIZES);
    store->pause_end = pause_of_store(name);
    store->used = monotonic_now();
    worker.stores = lappend(worker.stores, store);
    MemoryContextSwitchTo(caller);
    return *store;
}

void begin_search(Worker &worker) {
    forget_unused_stores(worker);
    ListCell *cell = nullptr;
    foreach (cell, counter_statistics())
        store_named(worker, static_cast<CounterStatistics *>(lfirst(cell))->store).is_search_due = true;
    worker.last_search = monotonic_now();
    worker.is_locked_out = false;
}

bool collect_items(Worker &worker) {
    bool is_awaited = false;
    List *stores = NIL; // the stores that get items
    ListCell *cell = nullptr;
    foreach (cell, unsettled_counters(&is_awaited)) {
        const auto *counter = static_cast<const UnsettledCounter *>(lfirst(cell));
        StoreTurns &store = store_named(worker, counter->store);
        // A search finds these, too.
        if (store.is_search_due) continue;
        if (store.items == NIL) stores = lappend(stores, &store);
        if (!list_member_ptr(stores, &store)) continue;
        MemoryContext caller = MemoryContextSwitchTo(store.context);
        auto *copy = static_cast<UnsettledCounter *>(palloc(sizeof(UnsettledCounter)));
        *copy = *counter;
        auto *unsettled = static_cast<Unsettled *>(palloc(sizeof(Unsettled)));
        *unsettled = {store.name, counter_bytes(copy->key), copy};
        store.items = lappend(store.items, unsettled);
        MemoryContextSwitchTo(caller);
    }
    return is_awaited;
}

bool is_ready(const Worker &worker, const StoreTurns &store) {
    return has_work(store) && (store.pause_end <= monotonic_now() || list_length(worker.stores) == 1);
}

void search(Worker &worker, StoreTurns &store) {
    store.is_search_due = false;
    if (find_unsettled(store.name, store.context, &store.items) == End::store_locked)
        worker.is_locked_out = true;
}

// Drops the remaining items of a locked store, so that the worker does not wait for it once per item.
void postpone_items(StoreTurns &store) {
    ListCell *cell = nullptr;
    foreach (cell, store.items)
        if (const auto *counter = static_cast<Unsettled *>(lfirst(cell))->counter)
            postpone_settling(counter->key);
    store.items = NIL;
}

void settle_first(Worker &worker, StoreTurns &store) {
    const auto *unsettled = static_cast<const Unsettled *>(linitial(store.items));
    store.items = list_delete_first(store.items);
    const End end = settle(*unsettled);
    if (end == End::done) return;
    if (unsettled->counter != nullptr) postpone_settling(unsettled->counter->key);
    if (end == End::failed) return;
    worker.is_locked_out = true;
    if (end == End::store_locked) postpone_items(store);
}

// Settles one item. Returns how long that took.
int64 take_turn(Worker &worker, StoreTurns &store) {
    const MonotonicTime begun = monotonic_now();
    int64 took_us = 0;
    int64 longest_us = 0;
    while (has_work(store) && took_us < turn_us_max) {
        if (store.items == NIL)
            search(worker, store);
        else
            settle_first(worker, store);
        const int64 all_us = us_between(begun, monotonic_now());
        longest_us = std::max(longest_us, all_us - took_us);
        took_us = all_us;
    }
    if (store.items == NIL) MemoryContextReset(store.context);
    store.used = monotonic_now();
    store.pace = longest_us <= quick_us_max ? Pace::quick : Pace::slow;
    if (store.pace == Pace::slow) store.pause_end = after_us(store.used, settling_pauses * longest_us);
    worker.stores = list_delete_ptr(worker.stores, &store);
    MemoryContext caller = MemoryContextSwitchTo(worker.stores_context);
    worker.stores = lappend(worker.stores, &store);
    MemoryContextSwitchTo(caller);
    return took_us;
}

bool pass(Worker &worker) {
    bool is_taken = false; // a store that is not quick has used its time
    for (const Pace pace : {Pace::quick, Pace::unknown, Pace::slow}) {
        ListCell *cell = nullptr;
        foreach (cell, list_copy(worker.stores)) {
            StoreTurns &store = *at(cell);
            if (store.pace != pace || is_taken || !is_ready(worker, store)) continue;
            const int64 took_us = take_turn(worker, store);
            is_taken = pace != Pace::quick && took_us >= turn_us_max;
        }
    }
    ListCell *cell = nullptr;
    foreach (cell, worker.stores)
        if (is_ready(worker, *at(cell))) return true;
    return false;
}

bool has_work(const StoreTurns &store) {
    return store.items != NIL || store.is_search_due;
}

bool has_work(const Worker &worker) {
    ListCell *cell = nullptr;
    foreach (cell, worker.stores)
        if (has_work(*at(cell))) return true;
    return false;
}

void wait_for_work(long timeout_ms) {
    (void)pgstat_report_stat(false);
    pgstat_report_activity(STATE_IDLE, nullptr);
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, timeout_ms,
                    PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    QueryCancelPending = 0; // there is no query
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending != 0) {
        ConfigReloadPending = 0;
        ProcessConfigFile(PGC_SIGHUP);
        limit_lock_waits();
    }
}

} // namespace
} // namespace vend

void vend_settler_main(Datum database) {
    (void)pqsignal(SIGTERM, die);
    (void)pqsignal(SIGHUP, SignalHandlerForConfigReload);
    BackgroundWorkerUnblockSignals();
    const Oid id = DatumGetObjectId(database);
    if (!vend::register_settler(id)) return;
    // Sessions that began before ALLOW_CONNECTIONS was taken away still sell, so the worker may connect.
    BackgroundWorkerInitializeConnectionByOid(id, InvalidOid, BGWORKER_BYPASS_ALLOWCONN);
    vend::begin_work();
    vend::Worker worker = vend::new_worker();
    // Once the worker has given up its slot, the next sale starts another worker. Sales between the last
    // search and that moment would wait for it, so this worker searches once more.
    bool is_awaited = false;
    do {
        vend::run_settler(worker);
        vend::unregister_settler();
        pg_memory_barrier();
        (void)vend::unsettled_counters(&is_awaited);
    } while (is_awaited && vend::register_settler(id));
}
