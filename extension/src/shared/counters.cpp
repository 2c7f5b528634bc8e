#include "base/prelude.hpp"

#include "shared/counters.hpp"

#include "base/error_codes.hpp"
#include "core/counter.hpp"
#include "shared/counter.hpp"
#include "shared/counter_table.hpp"
#include "shared/memory.hpp"
#include "shared/pending.hpp"
#include "shared/shares.hpp"

#include <algorithm>
#include <new>

namespace vend {
namespace {

// Runs change(counter) on the loaded counter of the key, locked. If it answers true, the counter is
// pinned and the entry added.
template <typename Change>
CounterChange change_counter(const CounterKey &key, Pending entry, Change change);

// The parts of wait_for_change().
Counter *begin_wait(const CounterKey &key, uint64 changes);
bool has_changed(Counter *counter, uint64 changes);

} // namespace

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
        Counter *counter = find_counter(key);
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

CounterChange take_from_counter(const CounterKey &key, Quantity qty) {
    return change_counter(key, {.kind = Pending::Kind::taken, .qty = qty.value}, [&](Counter *counter) {
        if (!counter->units.take(qty)) return false;
        counter->reserved_total += qty.value;
        return true;
    });
}

void give_back(const CounterKey &key) {
    // The entry pins the counter.
    drop_pending(Pending::Kind::taken, with_counters(LW_SHARED, [&] { return find_counter(key); }));
}

CounterChange add_to_counter(const CounterKey &key, Quantity qty, Quantity stock_max) {
    return change_counter(key, {.kind = Pending::Kind::added, .qty = qty.value},
                          [&](Counter *counter) { return counter->units.add(qty, stock_max); });
}

void count_settled(const CounterKey &key, int64 deltas) {
    // The number is a hint. Settling must not use up the room for sales.
    if (!has_counters() || is_room_scarce()) return;
    (void)change_counter(key, {.kind = Pending::Kind::settled, .deltas = deltas},
                         [](Counter * /*counter*/) { return true; });
}

bool wait_for_change(const CounterKey &key, uint64 changes, MonotonicTime until) {
    constexpr long wait_ms_max = 60000;
    prepare_pending();
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
    drop_pending(Pending::Kind::waiting, counter);
    return is_changed;
}

void count_refusal(const CounterKey &key) {
    visit_counter(key, [](Counter *counter) {
        ++counter->refused_total;
        return false;
    });
}

void require_nothing_pending(const CounterKey &key) {
    const Counter *counter = find_pending_counter(key, [](const Counter * /*counter*/) { return true; });
    if (counter != nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_IN_USE),
                 errmsg("this transaction has itself moved units of escrow item \"%s\" of store \"%s\"",
                        counter->item, counter->store),
                 errhint("Commit first.")));
}

void close_counter(const CounterKey &key) {
    // One entry is enough, for as many deltas as a transaction may write.
    if (!has_closed(key)) {
        prepare_pending();
        void *copy = MemoryContextAlloc(TopTransactionContext, sizeof(CounterKey));
        add_pending({.kind = Pending::Kind::closed, .key = new (copy) CounterKey(key)});
    }
    visit_counter(key, [](Counter *counter) {
        counter->state = Counter::State::empty;
        counter->unsettled = 0;
        counter->unsettled_since = {};
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
    return std::ranges::any_of(pending_entries(), [&](const Pending &entry) {
        return moves_units(entry) && entry.counter->key.table.items == items;
    });
}

bool has_used_counters() {
    return !pending_entries().empty();
}

namespace {

template <typename Change>
CounterChange change_counter(const CounterKey &key, Pending entry, Change change) {
    prepare_pending();
    const MonotonicTime now = monotonic_now();
    const bool is_scarce = moves_units(entry) && is_room_scarce();
    std::optional<Share> exhausted;
    char store[NAMEDATALEN];
    char item[NAMEDATALEN];
    const CounterChange made = with_counters(is_scarce ? LW_EXCLUSIVE : LW_SHARED, [&] {
        entry.counter = find_counter(key);
        if (entry.counter == nullptr) return CounterChange::not_loaded;
        if (is_scarce && !is_in_use(entry.counter))
            exhausted = exhausted_share(key, entry.counter->owner);
        if (exhausted) {
            // For the error: once the lock is released, the counter may give its place up.
            (void)strlcpy(store, entry.counter->store, NAMEDATALEN);
            (void)strlcpy(item, entry.counter->item, NAMEDATALEN);
            return CounterChange::impossible;
        }
        lock(entry.counter);
        const bool is_loaded = entry.counter->state == Counter::State::loaded;
        const bool is_made = is_loaded && change(entry.counter);
        if (is_made) {
            pin(entry.counter);
            ++entry.counter->changes;
            entry.counter->used = now;
        }
        unlock(entry.counter);
        if (!is_loaded) return CounterChange::not_loaded;
        if (!is_made) return CounterChange::impossible;
        add_pending(entry);
        return CounterChange::made;
    });
    if (exhausted) raise_no_room(exhausted, store, item);
    return made;
}

// The counter, pinned; null when it has changed or is gone.
Counter *begin_wait(const CounterKey &key, uint64 changes) {
    return with_counters(LW_SHARED, [&]() -> Counter * {
        Counter *counter = find_counter(key);
        if (counter == nullptr) return nullptr;
        lock(counter);
        const bool is_unchanged = counter->changes == changes;
        if (is_unchanged) {
            pin(counter);
            ++counter->waiting;
        }
        unlock(counter);
        if (!is_unchanged) return nullptr;
        add_pending({.kind = Pending::Kind::waiting, .counter = counter});
        return counter;
    });
}

bool has_changed(Counter *counter, uint64 changes) {
    lock(counter);
    const bool has_changed = counter->changes != changes;
    unlock(counter);
    return has_changed;
}

} // namespace
} // namespace vend
