#pragma once
// Deltas: changes of the stock of escrow items that are not in the item's row yet. The true stock is the
// row plus its deltas, so both are read under one snapshot.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/figure.hpp"
#include "rows/rows.hpp"

#include <span>

namespace vend {

struct Deltas {
    int64 count = 0;
    Change<Quantity> change;
};

// The stock in the item's row plus its deltas. Raises 55000 when the sum is out of range.
Quantity stock_with(Store &store, const Item &item, const Deltas &deltas);

struct Delta {
    ItemKey item;
    Change<Quantity> change;
};
void append_deltas(Store &store, std::span<const Delta> deltas);

// Adds up the deltas of an item under the snapshot that was pushed last. Raises 22003 when their sum is
// out of range.
Deltas sum_deltas(Store &store, ItemKey item);

// Deletes the deltas of an item whose row the caller has locked, under a new snapshot. Returns their sum
// and number.
Deltas take_deltas(Store &store, ItemKey item);

// Folds deltas of an item, whose row the caller has locked, into the row. Returns their sum and number.
// Folds at least `count_min` of them, and as many more as it takes for the row's stock not to be
// negative: the scan may find what was sold before what was restocked for it, and what was refunded
// before its sale.
inline constexpr int64 all_deltas = PG_INT64_MAX;
Deltas fold_deltas(Store &store, const Item &item, int64 count_min = all_deltas);

// The items that have deltas under a new snapshot, in the order of their keys.
std::span<const ItemKey> unsettled_items(Store &store);

} // namespace vend
