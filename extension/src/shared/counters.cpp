#include "base/prelude.hpp"

#include "shared/counters.hpp"

#include "base/error_codes.hpp"
#include "base/settings.hpp"
#include "core/counter.hpp"
#include "shared/counter.hpp"
#include "shared/memory.hpp"
#include "shared/pending.hpp"
#include "shared/shares.hpp"

#include <algorithm>
#include <new>

namespace vend {
namespace {

// How long an item that could not be settled is left alone.
constexpr int64 first_pause_us = USECS_PER_SEC;
constexpr int64 later_pause_us = 5 * USECS_PER_SEC;

// Runs body() with the table of counters locked. An error in it lets go of the lock.
template <typename Body> auto with_counters(LWLockMode mode, Body body) {
    LWLockAcquire(shared_memory().counters_lock, mode);
    const auto result = body();
    LWLockRelease(shared_memory().counters_lock);
    return result;
}

// A call looks at one counter several times, and a hot item's is looked at by call after call.
uint32 hash_of(const CounterKey &key) {
    static CounterKey latest;
    static uint32 hash = 0;
    if (hash == 0 || !is_same(key, latest)) {
        latest = key;
        hash = get_hash_value(shared_memory().counters, &key);
    }
    return hash;
}

Counter *find(const CounterKey &key) {
    return static_cast<Counter *>(
        hash_search_with_hash_value(shared_memory().counters, &key, hash_of(key), HASH_FIND, nullptr));
}

// Calls visit(counter) for each one, which must neither allocate nor raise.
template <typename Visit> void for_each(Visit visit) {
    HASH_SEQ_STATUS scan;
    hash_seq_init(&scan, shared_memory().counters);
    while (auto *counter = static_cast<Counter *>(hash_seq_search(&scan))) {
        lock(counter);
        visit(counter);
        unlock(counter);
    }
}

// Makes a list, in the current memory context, of what describe(counter, item) makes of the counters of
// this database for which it answers true.
template <typename Item, typename Describe> List *list_of(Describe describe) {
    // Of those that come meanwhile, some may be missing.
    const long capacity = hash_get_num_entries(shared_memory().counters) + 1;
    auto *items = static_cast<Item *>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Item) * static_cast<Size>(capacity)));
    const long count = with_counters(LW_SHARED, [&] {
        long found = 0;
        for_each([&](Counter *counter) {
            if (counter->key.database == MyDatabaseId && found < capacity &&
                describe(counter, &items[found]))
                ++found;
        });
        return found;
    });
    List *list = NIL;
    for (long i = 0; i < count; ++i) list = lappend(list, &items[i]);
    return list;
}

// Makes room for one more; false when all are in use. One with deltas that nobody would settle then goes
// only where there is no other.
bool evict_one() {
    Counter *choice = nullptr;
    bool is_choice_settled = false;
    for_each([&](Counter *counter) {
        if (counter->pins > 0) return;
        const bool is_settled = counter->unsettled == 0;
        if (choice != nullptr &&
            (is_choice_settled != is_settled ? is_choice_settled : choice->used <= counter->used))
            return;
        choice = counter;
        is_choice_settled = is_settled;
    });
    if (choice == nullptr) return false;
    (void)hash_search(shared_memory().counters, &choice->key, HASH_REMOVE, nullptr);
    return true;
}

void initialize(Counter *counter, const char *store, const char *item) {
    // The rest of the key's slot is what another counter left there.
    memset(reinterpret_cast<char *>(counter) + sizeof(CounterKey), 0,
           sizeof(Counter) - sizeof(CounterKey));
    (void)strlcpy(counter->store, store, NAMEDATALEN);
    const int length = pg_mbcliplen(item, static_cast<int>(strlen(item)), NAMEDATALEN - 1);
    (void)strlcpy(counter->item, item, static_cast<Size>(length) + 1);
    ConditionVariableInit(&counter->changed);
    SpinLockInit(&counter->mutex);
    counter->state = Counter::State::empty;
}

bool is_same_state(const TableState &a, const TableState &b) {
    return memcmp(&a, &b, sizeof(TableState)) == 0;
}

// What this life of the database differs in from one before that had the same oid, tables and files: who
// wrote its row. ALTER DATABASE writes another, which costs the counters, no more.
uint32 life = 0; // as this session saw it last

void look_up_life() {
    HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
    if (!HeapTupleIsValid(tuple))
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_DATABASE), errmsg("the database was dropped")));
    life = HeapTupleHeaderGetRawXmin(tuple->t_data);
    ReleaseSysCache(tuple);
}

// A counter that is pinned is not of a former life: a database in which anybody has a transaction is not
// dropped.
bool is_of_former_life(const Counter *counter) {
    return counter->key.database == MyDatabaseId && counter->life != life && counter->pins == 0;
}

bool is_of_former_state(const Counter *counter, const TableState &table) {
    return counter->key.database == MyDatabaseId && counter->key.table.items == table.items &&
           !is_same_state(counter->key.table, table);
}

// What is pending on it stays, for the transactions to end that it is of.
void outdate(Counter *counter) {
    counter->state = Counter::State::outdated;
    pin(counter);
    add_hold({.kind = Pending::Kind::outdated, .counter = counter});
}

// Forgets all counters that are former, which must neither allocate nor raise.
template <typename IsFormer> void forget_all(IsFormer is_former) {
    bool is_any = false;
    const int pinned = with_counters(LW_SHARED, [&] {
        int found = 0;
        for_each([&](Counter *counter) {
            if (!is_former(counter)) return;
            is_any = true;
            if (counter->pins > 0) ++found;
        });
        return found;
    });
    if (!is_any) return;
    prepare_holds(pinned);
    (void)with_counters(LW_EXCLUSIVE, [&] {
        int left = pinned;
        HASH_SEQ_STATUS scan;
        hash_seq_init(&scan, shared_memory().counters);
        while (auto *counter = static_cast<Counter *>(hash_seq_search(&scan))) {
            lock(counter);
            const bool is_to_go = is_former(counter);
            const bool is_pinned = counter->pins > 0;
            if (is_to_go && is_pinned && counter->state == Counter::State::loaded && left-- > 0)
                outdate(counter);
            unlock(counter);
            if (is_to_go && !is_pinned)
                (void)hash_search(shared_memory().counters, &counter->key, HASH_REMOVE, nullptr);
        }
        return true;
    });
}

// The counter of the key, a new one where there is none; null when there is no room.
Counter *provide(const CounterKey &key, Oid owner, const char *store, const char *item) {
    if (Counter *counter = find(key)) return counter;
    if (hash_get_num_entries(shared_memory().counters) >= settings::escrow_items() && !evict_one())
        return nullptr;
    auto *counter =
        static_cast<Counter *>(hash_search(shared_memory().counters, &key, HASH_ENTER_NULL, nullptr));
    if (counter == nullptr) return nullptr;
    initialize(counter, store, item);
    counter->hash = item_hash(key);
    counter->owner = owner;
    counter->life = life;
    return counter;
}

enum class LoadStart { ours, done, under_way, outdated, no_room };

// Whether it is pinned; the table is locked in exclusive mode, so it is not about to be.
bool is_in_use(Counter *counter) {
    if (counter == nullptr) return false;
    lock(counter);
    const bool is_in_use = counter->pins > 0;
    unlock(counter);
    return is_in_use;
}

LoadStart start_load(const CounterKey &key, Oid owner, const char *store, const char *item,
                     std::optional<Share> *exhausted) {
    return with_counters(LW_EXCLUSIVE, [&] {
        if (is_room_scarce() && !is_in_use(find(key))) {
            *exhausted = exhausted_share(key, owner);
            if (*exhausted) return LoadStart::no_room;
        }
        Counter *counter = provide(key, owner, store, item);
        if (counter == nullptr) return LoadStart::no_room;
        lock(counter);
        // Not the transaction's start: an old transaction would evict what it has just loaded.
        counter->used = monotonic_now();
        if (counter->state != Counter::State::empty) {
            const Counter::State state = counter->state;
            unlock(counter);
            return state == Counter::State::loaded    ? LoadStart::done
                   : state == Counter::State::loading ? LoadStart::under_way
                                                      : LoadStart::outdated;
        }
        counter->state = Counter::State::loading;
        pin(counter);
        unlock_changed(counter);
        add_hold({.kind = Pending::Kind::loading, .counter = counter});
        return LoadStart::ours;
    });
}

bool has_changed(Counter *counter, uint64 changes) {
    lock(counter);
    const bool has_changed = counter->changes != changes;
    unlock(counter);
    return has_changed;
}

// The counter, pinned, if nothing has changed.
Counter *begin_wait(const CounterKey &key, uint64 changes) {
    return with_counters(LW_SHARED, [&]() -> Counter * {
        Counter *counter = find(key);
        if (counter == nullptr) return nullptr;
        lock(counter);
        const bool is_unchanged = counter->changes == changes;
        if (is_unchanged) {
            pin(counter);
            ++counter->waiting;
        }
        unlock(counter);
        if (!is_unchanged) return nullptr;
        add_hold({.kind = Pending::Kind::waiting, .counter = counter});
        return counter;
    });
}

// Runs change(counter) on the loaded counter of the key and adds the hold, which pins it. Raises 53400
// where whoever has the counter may not take one more into use.
template <typename Change>
CounterChange change_counter(const CounterKey &key, Pending hold, Change change) {
    prepare_hold();
    const MonotonicTime now = monotonic_now();
    const bool is_scarce = is_pending(hold) && is_room_scarce();
    std::optional<Share> exhausted;
    const CounterChange made = with_counters(is_scarce ? LW_EXCLUSIVE : LW_SHARED, [&] {
        hold.counter = find(key);
        if (hold.counter == nullptr) return CounterChange::not_loaded;
        if (is_scarce && !is_in_use(hold.counter)) exhausted = exhausted_share(key, hold.counter->owner);
        if (exhausted) return CounterChange::impossible;
        lock(hold.counter);
        const bool is_loaded = hold.counter->state == Counter::State::loaded;
        const bool is_made = is_loaded && change(hold.counter);
        if (is_made) {
            pin(hold.counter);
            ++hold.counter->changes;
            hold.counter->used = now;
        }
        unlock(hold.counter);
        if (!is_loaded) return CounterChange::not_loaded;
        if (!is_made) return CounterChange::impossible;
        add_hold(hold);
        return CounterChange::made;
    });
    if (exhausted) raise_no_room(exhausted);
    return made;
}

// Runs visit(counter) on the counter of the key, if there is one, locked; whether that is news for those
// who wait is what it answers.
template <typename Visit> void visit_counter(const CounterKey &key, Visit visit) {
    if (!has_counters()) return;
    (void)with_counters(LW_SHARED, [&] {
        Counter *counter = find(key);
        if (counter == nullptr) return false;
        lock(counter);
        const bool is_news = visit(counter);
        if (is_news)
            unlock_changed(counter);
        else
            unlock(counter);
        return is_news;
    });
}

[[noreturn]] void raise_pending_before() {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
                    errmsg("units of the escrow item are pending from before its table was altered"),
                    errhint("Commit first.")));
    pg_unreachable();
}

UnsettledCounter description_of(const Counter &counter) {
    UnsettledCounter unsettled{counter.key, counter.changes, {}};
    (void)strlcpy(unsettled.store, counter.store, NAMEDATALEN);
    return unsettled;
}

void forget_deltas(Counter *counter) {
    counter->unsettled = 0;
    counter->unsettled_since = {};
}

} // namespace

void forget_former_states(const TableState &table) {
    if (!has_counters()) return;
    look_up_life();
    forget_all([&](const Counter *counter) {
        return is_of_former_life(counter) || is_of_former_state(counter, table);
    });
}

bool has_holds() {
    return first_hold() != end_of_holds();
}

void forget_former_life() {
    if (!has_counters()) return;
    look_up_life();
    forget_all(is_of_former_life);
}

bool has_counters() {
    return shared_memory().is_there();
}

void require_counters() {
    if (!has_counters())
        ereport(ERROR, (errcode(errcodes::not_in_state), errmsg("escrow needs pg_vend to be preloaded"),
                        errhint("Add pg_vend to shared_preload_libraries and restart the server.")));
}

std::optional<CounterReading> read_counter(const CounterKey &key) {
    if (!has_counters()) return std::nullopt;
    return with_counters(LW_SHARED, [&]() -> std::optional<CounterReading> {
        Counter *counter = find(key);
        if (counter == nullptr) return std::nullopt;
        const PendingUnits own = pending_units(counter);
        lock(counter);
        const bool is_loaded = counter->state == Counter::State::loaded;
        const CounterUnits units = counter->units;
        const uint64 changes = counter->changes;
        unlock(counter);
        if (!is_loaded) return std::nullopt;
        return CounterReading{units.available, units.pending_elsewhere(Quantity{own.taken}),
                              Quantity{own.added}, changes};
    });
}

bool begin_load(const CounterKey &key, Oid owner, const char *store, const char *item) {
    require_counters();
    // It would be loaded without what this transaction has pending on the counter of before.
    if (any_pending(key, [&](const Counter *counter) { return !is_same(counter->key, key); }))
        raise_pending_before();
    prepare_hold();
    std::optional<Share> exhausted;
    switch (start_load(key, owner, store, item, &exhausted)) {
    case LoadStart::ours:
        return true;
    case LoadStart::done:
        return false;
    case LoadStart::under_way: // by a caller of this one: others would have the lock
        ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
                        errmsg("a function that is called while an escrow item is read sells it")));
    case LoadStart::outdated:
        raise_pending_before();
    case LoadStart::no_room:
        break;
    }
    raise_no_room(exhausted);
}

void end_load(const std::optional<CounterLoad> &load) {
    const Pending *hold = end_of_holds() - 1;
    while (hold->kind != Pending::Kind::loading) --hold;
    Counter *counter = hold->counter;
    const MonotonicTime now = monotonic_now();
    if (load) {
        lock(counter);
        counter->state = Counter::State::loaded;
        counter->units.load(load->available);
        counter->unsettled = load->deltas;
        counter->unsettled_since = load->deltas > 0 ? now : MonotonicTime{};
        unlock_changed(counter);
    }
    drop_hold(Pending::Kind::loading, counter);
}

CounterChange take_from_counter(const CounterKey &key, Quantity qty) {
    return change_counter(key, {.kind = Pending::Kind::taken, .qty = qty.value}, [&](Counter *counter) {
        if (!counter->units.take(qty)) return false;
        counter->reserved_total += qty.value;
        return true;
    });
}

void give_back(const CounterKey &key) {
    // Pinned by the hold.
    drop_hold(Pending::Kind::taken, with_counters(LW_SHARED, [&] { return find(key); }));
}

CounterChange add_to_counter(const CounterKey &key, Quantity qty, Quantity stock_max) {
    return change_counter(key, {.kind = Pending::Kind::added, .qty = qty.value},
                          [&](Counter *counter) { return counter->units.add(qty, stock_max); });
}

bool wait_for_change(const CounterKey &key, uint64 changes, MonotonicTime until) {
    constexpr long wait_ms_max = 60000;
    prepare_hold();
    Counter *counter = begin_wait(key, changes);
    if (counter == nullptr) return true;
    ConditionVariablePrepareToSleep(&counter->changed);
    bool is_changed = has_changed(counter, changes);
    while (!is_changed) {
        const long left_ms = ms_until(until);
        if (left_ms == 0) break;
        (void)ConditionVariableTimedSleep(&counter->changed, std::min(left_ms, wait_ms_max),
                                          PG_WAIT_EXTENSION);
        is_changed = has_changed(counter, changes);
    }
    (void)ConditionVariableCancelSleep();
    drop_hold(Pending::Kind::waiting, counter);
    return is_changed;
}

void count_refusal(const CounterKey &key) {
    visit_counter(key, [](Counter *counter) {
        ++counter->refused_total;
        return false;
    });
}

void require_nothing_pending(const CounterKey &key) {
    if (any_pending(key, [](const Counter * /*counter*/) { return true; }))
        ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
                        errmsg("this transaction has itself moved units of the escrow item"),
                        errhint("Commit first.")));
}

void close_counter(const CounterKey &key) {
    // Once is enough, for as many deltas as a transaction may write.
    if (!has_closed(key)) {
        prepare_hold();
        void *copy = MemoryContextAlloc(TopTransactionContext, sizeof(CounterKey));
        add_hold({.kind = Pending::Kind::closed, .key = new (copy) CounterKey(key)});
    }
    visit_counter(key, [](Counter *counter) {
        counter->state = Counter::State::empty;
        forget_deltas(counter);
        return true;
    });
}

bool is_closed_here(const CounterKey &key) {
    return has_closed(key);
}

bool is_anything_closed_here() {
    return has_closed_any();
}

bool has_pending(Oid items) {
    return any_hold(
        [&](const Pending &hold) { return is_pending(hold) && hold.counter->key.table.items == items; });
}

void count_settled(const CounterKey &key, int64 deltas) {
    // It is a hint. Nobody is to fill the room with it.
    if (!has_counters() || is_room_scarce()) return;
    (void)change_counter(key, {.kind = Pending::Kind::settled, .deltas = deltas},
                         [](Counter * /*counter*/) { return true; });
}

List *unsettled_counters(bool *is_awaited) {
    const MonotonicTime now = monotonic_now();
    *is_awaited = false;
    return list_of<UnsettledCounter>([&](Counter *counter, UnsettledCounter *unsettled) {
        const bool is_due = counter->unsettled > 0 && counter->settle_after <= now;
        // One that failed is tried once more before nobody waits for it any longer.
        const bool is_coming = counter->unsettled > 0 && counter->failures < 2;
        *is_awaited = *is_awaited || is_due || is_coming || counter->units.is_anything_pending();
        if (!is_due) return false;
        *unsettled = description_of(*counter);
        return true;
    });
}

std::optional<UnsettledCounter> longest_unsettled(const TableState &table) {
    const MonotonicTime now = monotonic_now();
    return with_counters(LW_SHARED, [&] {
        std::optional<UnsettledCounter> longest;
        MonotonicTime since = end_of_time;
        for_each([&](Counter *counter) {
            if (counter->key.database != MyDatabaseId || !is_same_state(counter->key.table, table) ||
                counter->unsettled == 0 || counter->settle_after > now ||
                counter->unsettled_since >= since)
                return;
            since = counter->unsettled_since;
            longest = description_of(*counter);
        });
        return longest;
    });
}

void postpone_settling(const CounterKey &key) {
    const MonotonicTime now = monotonic_now();
    visit_counter(key, [&](Counter *counter) {
        counter->settle_after = after_us(now, counter->failures == 0 ? first_pause_us : later_pause_us);
        ++counter->failures;
        return false;
    });
}

void postpone_store(const char *store, MonotonicTime from, int64 took_us) {
    const MonotonicTime end = after_us(from, settling_pauses * took_us);
    (void)with_counters(LW_SHARED, [&] {
        for_each([&](Counter *counter) {
            if (counter->key.database == MyDatabaseId && strcmp(counter->store, store) == 0)
                counter->settle_after = std::max(counter->settle_after, end);
        });
        return true;
    });
}

MonotonicTime pause_of_store(const char *store) {
    return with_counters(LW_SHARED, [&] {
        MonotonicTime end = end_of_time;
        for_each([&](Counter *counter) {
            if (counter->key.database == MyDatabaseId && strcmp(counter->store, store) == 0)
                end = std::min(end, counter->settle_after);
        });
        return end == end_of_time ? MonotonicTime{} : end;
    });
}

void forget_unsettled(const UnsettledCounter &unsettled) {
    visit_counter(unsettled.key, [&](Counter *counter) {
        if (counter->changes == unsettled.changes) forget_deltas(counter);
        return false;
    });
}

List *loaded_counters(const TableState &table) {
    return list_of<LoadedCounter>([&](Counter *counter, LoadedCounter *loaded) {
        if (counter->state != Counter::State::loaded || !is_same_state(counter->key.table, table))
            return false;
        loaded->key = counter->key;
        loaded->available = counter->units.available;
        loaded->changes = counter->changes;
        loaded->is_quiet = !counter->units.is_anything_pending();
        return true;
    });
}

List *counter_statistics() {
    return list_of<CounterStatistics>([](Counter *counter, CounterStatistics *statistics) {
        statistics->table = counter->key.table;
        statistics->partition = counter->key.partition;
        (void)strlcpy(statistics->store, counter->store, NAMEDATALEN);
        (void)strlcpy(statistics->item, counter->item, NAMEDATALEN);
        const bool is_loaded = counter->state == Counter::State::loaded;
        statistics->available = is_loaded ? std::optional(counter->units.available.value) : std::nullopt;
        statistics->pending = counter->units.taken.value;
        statistics->waiting = counter->waiting;
        statistics->reserved = counter->reserved_total;
        statistics->refused = counter->refused_total;
        statistics->settled = counter->settled_total;
        statistics->unsettled = counter->unsettled;
        statistics->unsettled_since = counter->unsettled_since;
        return true;
    });
}

} // namespace vend
