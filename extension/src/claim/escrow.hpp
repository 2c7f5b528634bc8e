#pragma once
// Items in escrow: their units are counted in shared memory, and their rows are not locked by who takes
// or adds some. docs/escrow.md has the algorithm and why it is right.

#include "base/prelude.hpp"

#include "shared/counters.hpp"
#include "store/deltas.hpp"

namespace vend {

// Whether the counter, not the row, says how many units there are. Not where this transaction itself has
// made the item or its mode, or altered its table: then the item is its own until it commits.
bool is_in_escrow(Store &store, const Item &item);

// Raises 55000 where escrow is not to be had: not preloaded, or the tables are not fit for it.
void require_escrow(const Store &store);

// The counter of an item. Raises 54000 for a key that is too long for one.
CounterKey counter_key(Store &store, Datum item);

// What the newest commits leave of an item's units: its row and its deltas, under one view. Nothing when
// it is not in escrow.
std::optional<CounterLoad> committed_units(Store &store, Datum item);

// Gives an item whose lock mode is escrow the stock that its counter has now. That is unknown while it
// is not loaded, and where it is not the counter that counts: the row alone does not say.
void see_counter(Store &store, Item *item);

// How many units a sale would find: of an item in escrow what its counter has or, where it is not
// loaded, its row and deltas come to. Never loads.
Quantity available_units(Store &store, const Item &item);

// The same with what this transaction has added, as the receipts of its movements say.
Quantity stock_as_left(Store &store, const Item &item);

// An item that can be added to until the end of the transaction: its row is locked, or its counter.
struct HeldItem {
    Item item;
    bool is_in_escrow = false;
};
LockResult hold_item(Store &store, Datum key, HeldItem *held);
// The same for an item that was read before.
LockResult hold_read_item(Store &store, const Item &item, HeldItem *held);

// Of a held item in escrow: gives it the stock that its counter has now, loading it if need be; takes
// units from the counter, false when fewer are left; gives back what it took last.
void see_held(Store &store, HeldItem *held);
bool take_units(Store &store, const HeldItem &held, Quantity qty);
void give_back_units(Store &store, const HeldItem &held);
// What was taken becomes deltas of the items, which somebody is to settle.
void record_deltas(Store &store, std::span<const Delta> deltas);

// Adds units; nothing when the stock would be out of range. Gives the stock as this transaction leaves
// it.
std::optional<Quantity> add_units(Store &store, const HeldItem &held, Quantity qty);

// Forgets what the counter of an item has, once nobody has anything pending on it; it is this
// transaction's alone from here on. Raises 55006 when this transaction itself has something pending.
void forget_counter(Store &store, Datum item);

// Makes the deltas of an item, whose row the caller has locked and which is this transaction's alone,
// part of the row. Raises 55006 when this transaction itself has something pending.
void fold_own_deltas(Store &store, Item *item);

} // namespace vend
