#include "base/prelude.hpp"

#include "escrow/worker_turn.hpp"

#include "base/clock.hpp"
#include "base/compat.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/open_store.hpp"
#include "binding/registry.hpp"
#include "binding/store.hpp"
#include "escrow/deltas.hpp"
#include "escrow/items.hpp"
#include "escrow/settle.hpp"
#include "rows/call.hpp"
#include "table/as_role.hpp"
#include "table/lock_wait.hpp"

#include <algorithm>
#include <array>

namespace vend {
namespace {

// How long one item, with the owner's triggers, may take. After that its query is cancelled. A trigger
// can catch the cancel and go on: after another second the worker ends, and the trigger with it.
constexpr int settle_ms_max = 5000;

constexpr int cancel_ms_max = 1000;

// Lock waits stay below deadlock_timeout. Otherwise DROP SCHEMA, which locks one table after another,
// could become the victim of a deadlock, while the worker can simply try again.
constexpr int lock_ms_max = 100;

TimeoutId worker_limit;

volatile sig_atomic_t is_past_limit = 0;

// Set once the tables of the store are open. A lock wait that fails before is not logged; neither is
// one for a row.
volatile bool is_store_open = false;

// The store whose turn it is.
struct Turn {
    const char *store = nullptr;
    const UnsettledCounter *counter = nullptr;
    MonotonicTime begun;
};

Turn the_turn;

// The steps. Their bodies follow the public functions.

// Overrides settings of the database or role that could change the worker's user, keep triggers from
// firing, forbid writes or end the worker. Settings about speed, logging and durability stay in force:
// nobody waits for an answer that says that something is settled.
void override_settings();
void on_limit();
// Postpones the store whose item ended the worker, so that the next worker begins with other stores.
void on_exit(int /*code*/, Datum /*argument*/);
// Runs body() in a transaction of its own, with the store's name as error context in the log and for
// on_exit(). Logs an error.
template <typename Body> End in_turn(const Turn &turn, Body body);
bool has_store(const char *name);
Store &open_to_settle(const char *name);
void add_unsettled(List **items, const char *store, std::span<const uint8> key, MemoryContext context);

} // namespace

void limit_lock_waits() {
    char timeout_ms[12];
    (void)snprintf(timeout_ms, sizeof(timeout_ms), "%d", ms_without_deadlock_check(lock_ms_max));
    SetConfigOption("lock_timeout", timeout_ms, PGC_SUSET, PGC_S_OVERRIDE);
}

void begin_work() {
    override_settings();
    limit_lock_waits();
    is_unattended = true;
    worker_limit = RegisterTimeout(USER_TIMEOUT, on_limit);
    before_shmem_exit(on_exit, 0);
}

End settle(const Unsettled &unsettled) {
    const UnsettledCounter *counter = unsettled.counter;
    return in_turn({unsettled.store, counter, monotonic_now()}, [&] {
        if (!has_store(unsettled.store)) {
            if (counter != nullptr) forget_unsettled(*counter);
            return;
        }
        in_call([&] {
            Store &store = open_to_settle(unsettled.store);
            // The store was made again, with keys of another type or without items.
            if (!store.binding.has_items() || !has_key_size(store.binding.item_type, unsettled.item)) {
                if (counter != nullptr) forget_unsettled(*counter);
                return;
            }
            const ItemKey item = key_from_bytes(store.binding.item_type, unsettled.item);
            with_tables_open(store, [&] {
                const auto settled = settle_item(store, item, {.nowait = true});
                if (counter == nullptr || !settled) return;
                // The tables were altered since: another counter counts the item now.
                if (settled == 0 || !is_same(counter_key(store, item), counter->key))
                    forget_unsettled(*counter);
            });
        });
    });
}

End find_unsettled(const char *name, MemoryContext context, List **items) {
    return in_turn({name, nullptr, monotonic_now()}, [&] {
        if (!has_store(name)) return;
        in_call([&] {
            Store &store = open_to_settle(name);
            with_tables_open(store, [&] {
                for (const ItemKey item : unsettled_items(store))
                    add_unsettled(items, name, key_bytes(store.binding.item_type, item), context);
            });
        });
    });
}

namespace {

void override_settings() {
    // PostgreSQL starts the worker as this user.
    StartTransactionCommand();
    const char *user = GetUserNameFromId(BOOTSTRAP_SUPERUSERID, false);
    SetConfigOption("session_authorization", user, PGC_SUSET, PGC_S_OVERRIDE);
    SetConfigOption("role", "none", PGC_SUSET, PGC_S_OVERRIDE);
    CommitTransactionCommand();
    struct Setting {
        const char *name;
        const char *value;
    };
    constexpr std::array settings{
        Setting{"session_replication_role", "origin"}, // so that the triggers of the store fire
        Setting{"row_security", "on"},
        Setting{"search_path", "pg_catalog, pg_temp"},
        Setting{"default_transaction_isolation", "read committed"},
        Setting{"default_transaction_read_only", "off"},
        Setting{"default_transaction_deferrable", "off"},
        Setting{"statement_timeout", "0"},
        Setting{"idle_in_transaction_session_timeout", "0"},
        Setting{"exit_on_error", "off"},
    };
    for (const Setting &setting : settings)
        SetConfigOption(setting.name, setting.value, PGC_SUSET, PGC_S_OVERRIDE);
    if constexpr (compat::has_transaction_timeout)
        SetConfigOption("transaction_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
}

void on_limit() {
    is_past_limit = 1;
    InterruptPending = 1;
    ProcDiePending = 1;
}

void on_exit(int /*code*/, Datum /*argument*/) {
    if (the_turn.store == nullptr || is_past_limit == 0) return;
    const MonotonicTime now = monotonic_now();
    if (the_turn.counter != nullptr) postpone_settling(the_turn.counter->key);
    postpone_store(the_turn.store, now, us_between(the_turn.begun, now));
    ereport(WARNING, (errcode(ERRCODE_QUERY_CANCELED),
                      errmsg("settling an escrow item of store \"%s\" went on after it was cancelled",
                             the_turn.store),
                      errhint("A trigger on items should not catch query_canceled.")));
}

void begin_limits() {
    enable_timeout_after(STATEMENT_TIMEOUT, settle_ms_max);
    enable_timeout_after(worker_limit, settle_ms_max + cancel_ms_max);
}

void end_limits() {
    disable_timeout(STATEMENT_TIMEOUT, false);
    disable_timeout(worker_limit, false);
}

End end_of_error() {
    if (geterrcode() != ERRCODE_LOCK_NOT_AVAILABLE) return End::failed;
    return is_store_open ? End::row_locked : End::store_locked;
}

// Runs body() in a transaction of its own. Logs an error.
template <typename Body> End in_transaction(Body body) {
    MemoryContext context = CurrentMemoryContext;
    volatile End end = End::failed;
    is_store_open = false;
    PG_TRY();
    {
        SetCurrentStatementStartTimestamp();
        StartTransactionCommand();
        PushActiveSnapshot(GetTransactionSnapshot());
        begin_limits();
        body();
        end_limits();
        PopActiveSnapshot();
        CommitTransactionCommand();
        end = End::done;
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        end_limits();
        end = end_of_error();
        if (end != End::store_locked) EmitErrorReport();
        AbortCurrentTransaction();
        MemoryContextSwitchTo(context);
        FlushErrorState();
    }
    PG_END_TRY();
    MemoryContextSwitchTo(context);
    return end;
}

template <typename Body> End in_turn(const Turn &turn, Body body) {
    const auto explain = [](void *argument) {
        errcontext("settling an escrow item of store \"%s\"", static_cast<const char *>(argument));
    };
    ErrorContextCallback callback{error_context_stack, explain, const_cast<char *>(turn.store)};
    error_context_stack = &callback;
    the_turn = turn;
    const End end = in_transaction(body);
    the_turn = {};
    error_context_stack = callback.previous;
    return end;
}

bool has_store(const char *name) {
    RegistryRow row;
    return OidIsValid(registry_relation()) && read_registry(name, &row);
}

Store &open_to_settle(const char *name) {
    Store &store = open_store(name, {});
    is_store_open = true;
    return store;
}

void add_unsettled(List **items, const char *store, std::span<const uint8> key, MemoryContext context) {
    MemoryContext caller = MemoryContextSwitchTo(context);
    auto *unsettled = static_cast<Unsettled *>(palloc(sizeof(Unsettled)));
    auto *copy = static_cast<uint8 *>(palloc(key.size() + 1));
    std::ranges::copy(key, copy);
    *unsettled = {store, {copy, key.size()}, nullptr};
    *items = lappend(*items, unsettled);
    MemoryContextSwitchTo(caller);
}

} // namespace
} // namespace vend
