#include "base/prelude.hpp"

#include "base/settings.hpp"
#include "claim/escrow.hpp"
#include "engine/settle.hpp"
#include "entry/call.hpp"
#include "shared/settlers.hpp"
#include "store/registry.hpp"
#include "store/row_lock.hpp"

#include <algorithm>

// The background worker that settles the escrow items of one database, one item a transaction. It runs
// as the owner of each store, under the restrictions of a call by somebody else: nothing of the owner's
// that runs with a write can use the worker's own rights.

extern "C" PGDLLEXPORT void vend_settler_main(Datum database);

namespace vend {
namespace {

// Gone after so long without work: DROP DATABASE waits 5 seconds for others to leave.
constexpr int64 idle_us_max = USECS_PER_SEC;

// How often to look for deltas whose counters are not in memory.
constexpr int64 search_pause_us = 3 * USECS_PER_SEC;

// How long one item may keep the others waiting, with a trigger of the owner's.
constexpr int settle_ms_max = 5000;

// For a lock it waits less than anybody looks for deadlocks after: who locks one table of a store after
// another, as DROP SCHEMA does, is not to be the victim of what the worker can do later.
constexpr int lock_ms_max = 100;

void limit_lock_waits() {
    char timeout_ms[12];
    (void)snprintf(timeout_ms, sizeof(timeout_ms), "%d", ms_without_deadlock_check(lock_ms_max));
    SetConfigOption("lock_timeout", timeout_ms, PGC_SUSET, PGC_S_OVERRIDE);
}

// How a transaction of the worker's ended. Locked out: somebody else has a lock that it needs, and is in
// the database himself, so that it keeps nobody from dropping it if it stays to try again.
enum class End { done, locked_out, failed };

// Set once the tables of the store are open. To find them locked is nothing to log: that of a locked row
// is not logged either.
volatile bool is_store_open = false;

// Runs body() in a transaction of its own. An error is logged.
template <typename Body> End in_transaction(Body body) {
    MemoryContext context = CurrentMemoryContext;
    volatile End end = End::failed;
    is_store_open = false;
    PG_TRY();
    {
        SetCurrentStatementStartTimestamp();
        StartTransactionCommand();
        // Whatever defaults the database or the role has.
        XactIsoLevel = XACT_READ_COMMITTED;
        XactReadOnly = false;
        PushActiveSnapshot(GetTransactionSnapshot());
        enable_timeout_after(STATEMENT_TIMEOUT, settle_ms_max);
        body();
        disable_timeout(STATEMENT_TIMEOUT, false);
        PopActiveSnapshot();
        CommitTransactionCommand();
        end = End::done;
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        disable_timeout(STATEMENT_TIMEOUT, false);
        if (geterrcode() == ERRCODE_LOCK_NOT_AVAILABLE) end = End::locked_out;
        if (end == End::failed || is_store_open) EmitErrorReport();
        AbortCurrentTransaction();
        MemoryContextSwitchTo(context);
        FlushErrorState();
    }
    PG_END_TRY();
    MemoryContextSwitchTo(context);
    return end;
}

Store &open_to_settle(const char *name) {
    Store &store = open_store(name, {});
    is_store_open = true;
    return store;
}

// The store's name and an item's key, which outlive the transactions.
struct Unsettled {
    const char *store;
    std::span<const uint8> item;
};

bool has_store(const char *name) {
    RegistryRow row;
    return OidIsValid(registry_relation()) && read_registry(name, &row);
}

void explain_settling(void *argument) {
    errcontext("settling an escrow item of store \"%s\"",
               static_cast<const Unsettled *>(argument)->store);
}

// Settles an item in a transaction of its own.
End settle(const Unsettled &unsettled, const UnsettledCounter *counter) {
    ErrorContextCallback callback{error_context_stack, explain_settling,
                                  const_cast<Unsettled *>(&unsettled)};
    error_context_stack = &callback;
    const End end = in_transaction([&] {
        if (!has_store(unsettled.store)) {
            if (counter != nullptr) forget_unsettled(*counter);
            return;
        }
        in_call([&] {
            Store &store = open_to_settle(unsettled.store);
            // The store has been made anew, with keys of another type.
            if (!has_key_size(store.item_type, unsettled.item)) {
                if (counter != nullptr) forget_unsettled(*counter);
                return;
            }
            const Datum item = key_from_bytes(store.item_type, unsettled.item);
            as_owner(store, [&] {
                const auto settled = settle_item(store, item, {.nowait = true});
                if (counter == nullptr || !settled) return;
                // Of tables that were altered since, this is not the counter that hears of it.
                if (settled == 0 || !is_same(counter_key(store, item), counter->key))
                    forget_unsettled(*counter);
            });
        });
    });
    error_context_stack = callback.previous;
    return end;
}

// Adds the items of a store that have deltas, in the given memory context.
End add_leftovers(List **leftovers, const char *name, MemoryContext context) {
    return in_transaction([&] {
        in_call([&] {
            Store &store = open_to_settle(name);
            as_owner(store, [&] {
                for (const Datum item : unsettled_items(store)) {
                    const auto bytes = key_bytes(store.item_type, item);
                    MemoryContext caller = MemoryContextSwitchTo(context);
                    auto *leftover = static_cast<Unsettled *>(palloc(sizeof(Unsettled)));
                    auto *copy = static_cast<uint8 *>(palloc(bytes.size() + 1));
                    std::ranges::copy(bytes, copy);
                    *leftover = {name, {copy, bytes.size()}};
                    *leftovers = lappend(*leftovers, leftover);
                    MemoryContextSwitchTo(caller);
                }
            });
        });
    });
}

bool has_name(const List *names, const char *name) {
    ListCell *cell = nullptr;
    foreach (cell, names)
        if (strcmp(static_cast<const char *>(lfirst(cell)), name) == 0) return true;
    return false;
}

// What an earlier life of the server, or of its database, left unsettled, in stores that sell here. A
// store that is replicated from elsewhere is settled there. False when something was locked.
bool settle_leftovers(MemoryContext context) {
    List *names = NIL;
    ListCell *counter = nullptr;
    foreach (counter, counter_statistics()) {
        char *name = static_cast<CounterStatistics *>(lfirst(counter))->store;
        if (!has_name(names, name)) names = lappend(names, name);
    }
    List *leftovers = NIL;
    bool is_locked_out = false;
    ListCell *cell = nullptr;
    foreach (cell, names)
        if (add_leftovers(&leftovers, static_cast<const char *>(lfirst(cell)), context) ==
            End::locked_out)
            is_locked_out = true;
    foreach (cell, leftovers)
        if (settle(*static_cast<const Unsettled *>(lfirst(cell)), nullptr) == End::locked_out)
            is_locked_out = true;
    return !is_locked_out;
}

// Settles what is due; whether there is more to come.
bool settle_counters() {
    bool is_awaited = false;
    List *locked_stores = NIL; // not to wait again for each of their items
    ListCell *cell = nullptr;
    foreach (cell, unsettled_counters(&is_awaited)) {
        auto *counter = static_cast<UnsettledCounter *>(lfirst(cell));
        const Unsettled unsettled{counter->store, counter_bytes(counter->key)};
        const bool is_locked = has_name(locked_stores, counter->store);
        const End end = is_locked ? End::locked_out : settle(unsettled, counter);
        if (end == End::done) continue;
        postpone_settling(counter->key);
        if (end == End::locked_out && !is_locked && !is_store_open)
            locked_stores = lappend(locked_stores, counter->store);
    }
    return is_awaited;
}

void run_settler() {
    MemoryContext context =
        AllocSetContextCreate(TopMemoryContext, "pg_vend settler", ALLOCSET_DEFAULT_SIZES);
    MemoryContextSwitchTo(context);
    MonotonicTime last_work;
    MonotonicTime last_search;
    for (;;) {
        MemoryContextReset(context);
        // Of counters that had to make room for others too.
        if (us_between(last_search, monotonic_now()) > search_pause_us) {
            (void)settle_leftovers(context);
            last_search = last_work = monotonic_now();
        }
        pgstat_report_activity(STATE_RUNNING, "settling escrow items");
        const bool is_awaited = settle_counters();
        const MonotonicTime now = monotonic_now();
        if (is_awaited) last_work = now;
        if (us_between(last_work, now) > idle_us_max) {
            if (settle_leftovers(context)) return;
            last_search = last_work = monotonic_now();
        }
        (void)pgstat_report_stat(false);
        pgstat_report_activity(STATE_IDLE, nullptr);
        const long idle_ms = static_cast<long>(idle_us_max / 1000);
        (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
                        is_awaited ? settings::settle_interval_ms()
                                   : std::min<long>(settings::settle_interval_ms(), idle_ms),
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
}

} // namespace
} // namespace vend

void vend_settler_main(Datum database) {
    (void)pqsignal(SIGTERM, die);
    (void)pqsignal(SIGHUP, SignalHandlerForConfigReload);
    BackgroundWorkerUnblockSignals();
    const Oid id = DatumGetObjectId(database);
    if (!vend::register_settler(id)) return;
    BackgroundWorkerInitializeConnectionByOid(id, InvalidOid, 0);
    vend::is_unattended = true;
    // The triggers that uphold the ledger must fire, whatever the database's default.
    SetConfigOption("session_replication_role", "origin", PGC_SUSET, PGC_S_OVERRIDE);
    vend::limit_lock_waits();
    // Whoever finds no worker once this one has given up its place starts another, but only at the next
    // sale: this one looks again for what was sold before.
    bool is_awaited = false;
    do {
        vend::run_settler();
        vend::unregister_settler();
        pg_memory_barrier();
        (void)vend::unsettled_counters(&is_awaited);
    } while (is_awaited && vend::register_settler(id));
}
