#pragma once
// The deltas of escrow items: changes of a stock that are not in the item's row yet. Row and deltas
// together are the truth, so they are read under one snapshot.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "rows/rows.hpp"

#include <span>

namespace vend {

struct Deltas {
    int64 count = 0;
    Quantity sum{};
};

// The stock that an item's row and deltas come to. Raises 55000 when that is less than nothing.
Quantity stock_with(Store &store, const Item &item, const Deltas &deltas);

struct Delta {
    ItemKey item;
    Quantity qty;
};
void append_deltas(Store &store, std::span<const Delta> deltas);

// Those of an item, under the snapshot that was pushed last. Raises 22003 when their sum is out of
// range.
Deltas sum_deltas(Store &store, ItemKey item);

// Deletes the newest state's deltas of an item, whose row the caller has locked, and tells what they
// were.
Deltas take_deltas(Store &store, ItemKey item);

// Makes the deltas of an item, whose row the caller has locked, part of the row, and tells what they
// were. All of them; or the first ones, as many as asked for or as few more as it takes for the row to
// show a stock: what was sold may be found before what was restocked for it.
inline constexpr int64 all_deltas = PG_INT64_MAX;
Deltas fold_deltas(Store &store, const Item &item, int64 count_min = all_deltas);

// The items that have deltas in the newest state, in the order of their keys.
std::span<const ItemKey> unsettled_items(Store &store);

} // namespace vend
