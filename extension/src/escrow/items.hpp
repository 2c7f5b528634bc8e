#pragma once
// Items in escrow: their units are counted in shared memory, and their rows are not locked by who takes
// or adds some. docs/escrow.md has the algorithm and why it is right.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "escrow/deltas.hpp"
#include "rows/rows.hpp"
#include "shared/counter_key.hpp"
#include "shared/counters.hpp"
#include "table/lock_wait.hpp"

namespace vend {

// Whether the counter, not the row, says how many units there are. Not where this transaction itself has
// made the item or its mode, or altered its table: then the item is its own until it commits.
bool is_in_escrow(Store &store, const Item &item);

// Raises 55000 where escrow is not to be had: not preloaded, or the tables are not fit for it.
void require_escrow(const Store &store);

// The counter of an item. Raises 54000 for a key that is too long for one.
CounterKey counter_key(Store &store, ItemKey item);

// What the newest commits leave of an item's units: its row and its deltas, under one snapshot. Nothing
// when it is not in escrow.
std::optional<CounterLoad> committed_units(Store &store, ItemKey item);

// Gives an item whose lock mode is escrow the stock that its counter has now. That is unknown while it
// is not loaded, and where it is not the counter that counts: the row alone does not say.
void apply_counter(Store &store, Item *item);

// How many units a sale would find: of an item in escrow what its counter has or, where it is not
// loaded, its row and deltas come to. Never loads.
Quantity available_units(Store &store, const Item &item);

// The same with what this transaction has added, as the receipts of its movements say.
Quantity stock_as_left(Store &store, const Item &item);

enum class EnterResult { entered, busy, closed };
// Shares the item's counter until the end of the transaction and reads the item anew: nobody can close
// the counter from here on. Closed: the item is sold in another way now, or gone.
EnterResult enter_escrow(Store &store, LockWait wait, Item *item);

// What the counter has now, after loading it if need be. Nothing when the item is not in escrow, or the
// load is not to be had in the time allowed.
std::optional<CounterReading> loaded_reading(Store &store, ItemKey item, const CounterKey &key,
                                             LockWait wait = {}, bool *is_busy = nullptr);

// Gives an item the stock that its counter has.
void set_stock(Item *item, const CounterReading &reading);

// An item that can be added to until the end of the transaction: its row is locked, or its counter.
struct LockedItem {
    Item item;
    bool is_in_escrow = false;
};
LockResult lock_for_change(Store &store, ItemKey key, LockedItem *locked);
// The same for an item that was read before.
LockResult lock_as_read_for_change(Store &store, const Item &item, LockedItem *locked);

// Of a locked item in escrow: gives it the stock that its counter has now, loading it if need be; takes
// units from the counter, false when fewer are left; gives back what it took last.
void refresh_from_counter(Store &store, LockedItem *locked);
bool take_units(Store &store, const LockedItem &locked, Quantity qty);
void give_back_units(Store &store, const LockedItem &locked);
// What was taken becomes deltas of the items, which somebody is to settle.
void record_deltas(Store &store, std::span<const Delta> deltas);

// Adds units; nothing when the stock would be out of range. Gives the stock as this transaction leaves
// it.
std::optional<Quantity> add_units(Store &store, const LockedItem &locked, Quantity qty);

// Forgets what the counter of an item has, once nobody has anything pending on it; it is this
// transaction's alone from here on. Raises 55006 when this transaction itself has something pending.
void forget_counter(Store &store, ItemKey item);

// Makes the deltas of an item, whose row the caller has locked and which is this transaction's alone,
// part of the row. Raises 55006 when this transaction itself has something pending.
void fold_own_deltas(Store &store, Item *item);

} // namespace vend
