#pragma once
// Items in escrow. A counter in shared memory counts their units, so a sale or restock does not lock the
// item's row. docs/escrow.md has the algorithm and the proof.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/figure.hpp"
#include "escrow/deltas.hpp"
#include "rows/rows.hpp"
#include "shared/counter_key.hpp"
#include "shared/counter_load.hpp"
#include "shared/counters.hpp"
#include "table/lock_wait.hpp"

namespace vend {

// Whether the counter says how many units there are, and not the row. The row says so where this
// transaction has made the item, set its mode or altered its table: until the commit nobody else sees
// that.
bool is_in_escrow(Store &store, const Item &item);
// Whether a sale enters the item and does not lock its row: the item is in escrow or unlimited.
bool is_sold_unlocked(Store &store, const Item &item);

// Raises 55000 where escrow is not possible: pg_vend is not preloaded, or the tables are not fit for it.
void require_escrow(const Store &store);

// The key of an item's counter. Raises 54000 for an item key that is too long.
CounterKey counter_key(Store &store, ItemKey item);

// The committed units of an item: its row plus its deltas, under one new snapshot. Nothing when the item
// is not in escrow.
std::optional<CounterLoad> committed_units(Store &store, ItemKey item);

// Sets the stock of an item in escrow to its counter's current value. The stock stays unknown where the
// counter is not loaded or does not count: the row alone does not say it.
void apply_counter(Store &store, Item *item);

// How many units a sale would find; nothing for an unlimited item. For an item in escrow: the counter's
// value or, where the counter is not loaded, the row plus its deltas. Never loads a counter.
std::optional<Quantity> available_units(Store &store, const Item &item);

// The same plus the units that this transaction has added. Receipts of its movements show this value.
std::optional<Quantity> stock_as_left(Store &store, const Item &item);

enum class EnterResult { entered, busy, closed };
// Takes the counter's lock in share mode until the end of the transaction, so that nobody can close the
// counter, and reads the item again. closed: the item is no longer in escrow, or it is gone.
EnterResult enter_escrow(Store &store, LockWait wait, Item *item);
// The same for an unlimited item, which has no counter: until the end of the transaction it keeps its
// key and stays unlimited. closed: it is limited by now, or gone.
EnterResult enter_unlimited(Store &store, LockWait wait, Item *item);
// Waits for the transactions that have entered the unlimited item, before it gets a stock, another key
// or goes.
void close_unlimited(Store &store, ItemKey item);

// Reads the counter, and loads it first where it is not loaded. Nothing when the item is not in escrow,
// or when the wait for the load took longer than allowed.
std::optional<CounterReading> loaded_reading(Store &store, ItemKey item, const CounterKey &key,
                                             LockWait wait = {}, bool *is_busy = nullptr);

// Sets the item's stock to the counter's value.
void set_stock(Item *item, const CounterReading &reading);

// An item that this transaction may change until its end: it has locked the row, or shares the counter
// of an item in escrow, or has entered an unlimited item.
struct LockedItem {
    Item item;
    bool is_in_escrow = false;
};
LockResult lock_for_change(Store &store, ItemKey key, LockedItem *locked);
// The same for an item that was read before.
LockResult lock_as_read_for_change(Store &store, const Item &item, LockedItem *locked);

// For a locked item in escrow. refresh_from_counter() sets its stock to the counter's value, and loads
// the counter where needed. take_units() takes units from the counter; false when fewer are left.
// give_back_units() gives back what take_units() took last.
void refresh_from_counter(Store &store, LockedItem *locked);
bool take_units(Store &store, const LockedItem &locked, Quantity qty);
void give_back_units(Store &store, const LockedItem &locked);
// Appends deltas for the units taken or added, and sees to it that a worker settles them.
void record_deltas(Store &store, std::span<const Delta> deltas);

// Adds the units of a refund or restock to an item that is not unlimited. Returns the stock as this
// transaction leaves it, or nothing when it would be out of range.
std::optional<Quantity> add_units(Store &store, const LockedItem &locked,
                                  const Change<Quantity> &change);

// Closes the counter of an item once nothing is pending on it. From then on only this transaction may
// change the item. Raises 55006 when this transaction itself has something pending.
void forget_counter(Store &store, ItemKey item);

// Folds the deltas of an item into its row. The caller has locked the row, and only this transaction may
// change the item. Raises 55006 when this transaction itself has something pending.
void fold_own_deltas(Store &store, Item *item);

} // namespace vend
