#include "base/prelude.hpp"

#include "escrow/items.hpp"

#include "base/error_codes.hpp"
#include "binding/binding.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/store.hpp"
#include "binding/table_state.hpp"
#include "core/checked.hpp"
#include "core/lock_mode.hpp"
#include "escrow/deltas.hpp"
#include "rows/call_locks.hpp"
#include "rows/rows.hpp"
#include "shared/counter_key.hpp"
#include "shared/settlers.hpp"
#include "table/engine_write.hpp"
#include "table/lock_wait.hpp"
#include "table/row_lock.hpp"
#include "table/table.hpp"

#include <algorithm>

namespace vend {
namespace {

bool is_escrow(const std::optional<Item> &item) {
    return item && item->state.lock_mode == LockMode::escrow;
}

std::optional<CounterLoad> units_in(Store &store, ItemKey key, SnapshotKind kind) {
    return in_snapshot(kind, [&]() -> std::optional<CounterLoad> {
        const auto item = read_item_in_snapshot(store, key);
        if (!is_escrow(item)) return std::nullopt;
        const Deltas deltas = sum_deltas(store, key);
        return CounterLoad{stock_with(store, *item, deltas), deltas.count};
    });
}

// A transaction that wrote the stock while the triggers were off would load a stale stock. It has
// nothing pending: nothing is pending on a counter that is not loaded.
void require_nothing_unjournalled(Store &store, ItemKey item, const CounterLoad &committed) {
    if (!TransactionIdIsValid(GetTopTransactionIdIfAny())) return;
    const auto own = units_in(store, item, SnapshotKind::latest);
    if (!own || own->available != committed.available)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
                        errmsg("this transaction has itself written the stock of escrow item \"%s\"",
                               key_text(store.binding.item_type, item)),
                        errhint("Commit first.")));
}

// done: this session or another one has loaded the counter. absent: the item is not in escrow.
enum class Load { done, busy, absent };

Load load_counter(Store &store, ItemKey item, const CounterKey &key, LockWait wait) {
    // Checks that the partition's triggers are on. Turning them off changes the counter's key.
    if (OidIsValid(key.partition[0])) require_item_partition(store.binding, key.partition[0]);
    if (!lock_load(store, item, wait)) return Load::busy;
    Load result = Load::done;
    if (begin_load(key, store.binding.owner, store.binding.name,
                   key_text(store.binding.item_type, item))) {
        const auto load = committed_units(store, item);
        if (load) require_nothing_unjournalled(store, item, *load);
        end_load(load);
        // An earlier run of the server left these deltas. This call may be refused,
        // and then it appends no delta that would start a worker.
        if (load && load->deltas > 0) ensure_settler();
        if (!load) result = Load::absent;
    }
    unlock_load(store, item);
    return result;
}

// Reads the counter of an item in escrow, if the counter is loaded.
std::optional<CounterReading> live_reading(Store &store, const Item &item) {
    if (!is_in_escrow(store, item)) return std::nullopt;
    return read_counter(counter_key(store, item.key));
}

// Raises 40001 where the transaction's snapshot shows an item that has changed since. The stock is not
// compared: the counter shows the current value, whatever the snapshot.
void require_as_seen(const Store &store, const std::optional<Item> &now, const Item &seen) {
    if (!IsolationUsesXactSnapshot()) return;
    if (!now) raise_concurrent_write("delete");
    if (now->state.price != seen.state.price || now->state.version != seen.state.version ||
        now->state.is_unlimited != seen.state.is_unlimited ||
        now->state.lock_mode != seen.state.lock_mode ||
        !same_key(store.binding.item_type, now->key, seen.key))
        raise_concurrent_write("update");
}

// Takes the counter's lock in share mode, reads the item again, and lets the lock go unless the item is
// still as it has to be.
template <typename IsOpen> EnterResult enter(Store &store, LockWait wait, Item *item, IsOpen is_open) {
    if (!lock_counter(store, item->key, ShareLock, wait)) return EnterResult::busy;
    const auto now = read_again(store, *item);
    require_as_seen(store, now, *item);
    // Under another spelling of its key the item has another lock.
    if (now && same_key(store.binding.item_type, now->key, item->key) && is_open(*now)) {
        *item = *now;
        return EnterResult::entered;
    }
    unlock_counter(store, item->key);
    return EnterResult::closed;
}

bool enter_for_change(Store &store, const Item &item, LockedItem *locked) {
    *locked = {.item = item, .is_in_escrow = !item.state.is_unlimited};
    const EnterResult result = locked->is_in_escrow ? enter_escrow(store, {}, &locked->item)
                                                    : enter_unlimited(store, {}, &locked->item);
    return result == EnterResult::entered;
}

// Whether this transaction may have written the row. For a partition's row that is not known; but an
// item whose counter is loaded was in escrow before this transaction.
bool may_be_own(Store &store, const Item &item) {
    if (!store.binding.item_table.is_partitioned)
        return TransactionIdIsCurrentTransactionId(item.version.writer);
    return TransactionIdIsValid(GetTopTransactionIdIfAny()) &&
           !read_counter(counter_key(store, item.key));
}

} // namespace

bool is_in_escrow(Store &store, const Item &item) {
    if (item.state.lock_mode != LockMode::escrow || is_altered_here(store, item.key)) return false;
    if (is_anything_closed_here() && is_closed_here(counter_key(store, item.key))) return false;
    return !may_be_own(store, item) || is_escrow(read_item(store, item.key, SnapshotKind::committed));
}

bool is_sold_unlocked(Store &store, const Item &item) {
    return item.state.is_unlimited || is_in_escrow(store, item);
}

void require_escrow(const Store &store) {
    require_counters();
    if (store.binding.escrow_problem != nullptr)
        ereport(ERROR, (errcode(errcodes::not_in_state),
                        errmsg("the tables of store \"%s\" are not fit for escrow", store.binding.name),
                        errdetail("%s", store.binding.escrow_problem)));
}

CounterKey counter_key(Store &store, ItemKey item) {
    const auto bytes = key_bytes(store.binding.item_type, item);
    if (bytes.size() > counter_key_bytes_max)
        ereport(ERROR,
                (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("key of an escrow item is too long"),
                 errdetail("It has %zu bytes, and at most %zu are possible.", bytes.size(),
                           counter_key_bytes_max)));
    CounterKey key;
    key.database = MyDatabaseId;
    key.table = store.binding.table_state;
    if (store.binding.item_table.is_partitioned) key.partition = partition_of_item(store, item).state;
    key.length = static_cast<uint32>(bytes.size());
    std::ranges::copy(bytes, key.bytes.begin());
    return key;
}

std::optional<CounterLoad> committed_units(Store &store, ItemKey item) {
    // This excludes this transaction's own changes: they are pending, or were undone.
    return units_in(store, item, SnapshotKind::committed);
}

void apply_counter(Store &store, Item *item) {
    item->is_stock_known = item->state.lock_mode != LockMode::escrow;
    if (const auto reading = live_reading(store, *item)) set_stock(item, *reading);
}

std::optional<Quantity> available_units(Store &store, const Item &item) {
    if (item.state.is_unlimited) return std::nullopt;
    if (item.state.lock_mode != LockMode::escrow) return item.state.stock;
    if (const auto reading = live_reading(store, item)) return reading->available;
    return in_snapshot(SnapshotKind::latest, [&] {
        const auto now = read_item_in_snapshot(store, item.key);
        return stock_with(store, now.value_or(item), sum_deltas(store, item.key));
    });
}

std::optional<Quantity> stock_as_left(Store &store, const Item &item) {
    if (const auto reading = live_reading(store, item))
        return checked_add(reading->available, reading->own_added).value_or(reading->available);
    return available_units(store, item);
}

LockResult lock_for_change(Store &store, ItemKey key, LockedItem *locked) {
    // While a partition is being detached, one statement may see a row and the next one may not.
    for (int i = 0; i < replacements_max; ++i) {
        const auto seen = read_item(store, key);
        if (seen && is_sold_unlocked(store, *seen)) {
            if (enter_for_change(store, *seen, locked)) return LockResult::locked;
        } else {
            locked->is_in_escrow = false;
            const LockResult result = lock_item(store, key, {}, &locked->item);
            if (result != LockResult::locked) return result;
            if (!is_sold_unlocked(store, locked->item)) {
                if (locked->item.state.lock_mode == LockMode::escrow)
                    fold_own_deltas(store, &locked->item);
                return result;
            }
        }
        CHECK_FOR_INTERRUPTS();
    }
    raise_concurrent_write("update");
}

LockResult lock_as_read_for_change(Store &store, const Item &item, LockedItem *locked) {
    if (is_sold_unlocked(store, item)) {
        if (enter_for_change(store, item, locked)) return LockResult::locked;
    } else {
        *locked = {.item = item};
        if (lock_as_read(store, &locked->item) && locked->item.state.lock_mode != LockMode::escrow &&
            !locked->item.state.is_unlimited)
            return LockResult::locked;
    }
    return lock_for_change(store, item.key, locked);
}

EnterResult enter_escrow(Store &store, LockWait wait, Item *item) {
    require_escrow(store);
    return enter(store, wait, item, [&](const Item &now) { return is_in_escrow(store, now); });
}

EnterResult enter_unlimited(Store &store, LockWait wait, Item *item) {
    return enter(store, wait, item, [](const Item &now) { return now.state.is_unlimited; });
}

void close_unlimited(Store &store, ItemKey item) {
    (void)lock_counter(store, item, ExclusiveLock, {});
}

std::optional<CounterReading> loaded_reading(Store &store, ItemKey item, const CounterKey &key,
                                             LockWait wait, bool *is_busy) {
    for (;;) {
        if (const auto reading = read_counter(key)) return reading;
        const Load load = load_counter(store, item, key, wait);
        if (is_busy != nullptr) *is_busy = load == Load::busy;
        if (load != Load::done) return std::nullopt;
        CHECK_FOR_INTERRUPTS();
    }
}

void set_stock(Item *item, const CounterReading &reading) {
    item->state.stock = reading.available;
    item->state.pending_elsewhere = reading.pending_elsewhere;
    item->is_stock_known = true;
    item->counter_changes = reading.changes;
}

void refresh_from_counter(Store &store, LockedItem *locked) {
    const auto reading = loaded_reading(store, locked->item.key, counter_key(store, locked->item.key));
    if (!reading) raise_concurrent_write("update");
    set_stock(&locked->item, *reading);
}

bool take_units(Store &store, const LockedItem &locked, Quantity qty) {
    const CounterKey key = counter_key(store, locked.item.key);
    for (;;) {
        const CounterChange change = take_from_counter(key, qty);
        if (change != CounterChange::not_loaded) return change == CounterChange::made;
        // The counter was evicted since it was read. Units taken from the other counters keep those.
        if (!loaded_reading(store, locked.item.key, key)) raise_concurrent_write("update");
    }
}

void give_back_units(Store &store, const LockedItem &locked) {
    give_back(counter_key(store, locked.item.key));
}

void record_deltas(Store &store, std::span<const Delta> deltas) {
    append_deltas(store, deltas);
    ensure_settler();
}

std::optional<Quantity> add_units(Store &store, const LockedItem &locked,
                                  const Change<Quantity> &change) {
    const Item &item = locked.item;
    if (!locked.is_in_escrow) {
        const auto stock = stock_after(store.binding, item, change);
        if (stock) change_locked_stock(store, item, change);
        return stock;
    }
    require_exact(store.binding, locked.item);
    const Quantity qty = sum_of(change).value();
    const Quantity max = change.moved == Quantity{} ? Quantity{store.binding.stock.figures.max}
                                                    : stock_max(store.binding, item);
    const CounterKey key = counter_key(store, locked.item.key);
    for (;;) {
        if (!loaded_reading(store, locked.item.key, key)) raise_concurrent_write("update");
        switch (add_to_counter(key, qty, max)) {
        case CounterChange::not_loaded:
            continue;
        case CounterChange::impossible:
            return std::nullopt;
        case CounterChange::made: {
            const Delta delta{item.key, change};
            record_deltas(store, {&delta, 1});
            return stock_as_left(store, locked.item);
        }
        }
    }
}

void forget_counter(Store &store, ItemKey item) {
    const CounterKey key = counter_key(store, item);
    require_nothing_pending(key);
    (void)lock_counter(store, item, ExclusiveLock, {});
    close_counter(key);
}

void fold_own_deltas(Store &store, Item *item) {
    require_nothing_pending(counter_key(store, item->key));
    if (is_altered_here(store, item->key)) require_escrow(store);
    if (fold_deltas(store, *item).change == Change<Quantity>{}) return;
    if (lock_item(store, item->key, {}, item) != LockResult::locked)
        raise_write_altered(store.binding.item_table.relation);
}

} // namespace vend
