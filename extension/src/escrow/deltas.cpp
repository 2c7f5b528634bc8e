#include "base/prelude.hpp"

#include "escrow/deltas.hpp"

#include "base/error_codes.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/statement.hpp"
#include "binding/store.hpp"
#include "rows/execute.hpp"
#include "table/catalog.hpp"
#include "table/table.hpp"

#include <algorithm>

namespace vend {
namespace {

// Adds up deltas in 128 bits: a part of the sum may be out of range where the whole sum is not.
struct DeltaSum {
    int64 count = 0;
    __int128 units = 0;
    __int128 claimed = 0; // by sales, less refunds; 0 in a store without claims
};

void add_delta(const Store &store, TupleTableSlot *row, DeltaSum *sum) {
    bool is_null = false;
    const Datum qty = slot_getattr(row, store.binding.delta_qty, &is_null);
    if (!is_null) sum->units += DatumGetInt64(qty);
    const Datum claimed = slot_getattr(row, store.binding.delta_claimed, &is_null);
    if (!is_null) sum->claimed += DatumGetInt64(claimed);
    ++sum->count;
}

bool is_in_range(__int128 number) {
    return number <= PG_INT64_MAX && number >= -PG_INT64_MAX;
}

bool is_in_range(const DeltaSum &sum) {
    return is_in_range(sum.units) && is_in_range(sum.claimed) && is_in_range(sum.units + sum.claimed);
}

Change<Quantity> change_of(const DeltaSum &sum) {
    return {.sold = Quantity{static_cast<int64>(-sum.claimed)},
            .moved = Quantity{static_cast<int64>(sum.units + sum.claimed)}};
}

Deltas deltas_of(const Store &store, const DeltaSum &sum) {
    if (!is_in_range(sum))
        ereport(ERROR, (errcode(errcodes::out_of_range),
                        errmsg("sum of the deltas of an item of store \"%s\" is out of range",
                               store.binding.name)));
    return {sum.count, change_of(sum)};
}

// Calls visit(row) for each delta of an item until it answers false.
template <typename Visit> void for_each_delta(Store &store, ItemKey item, Visit visit) {
    open_deltas(store);
    with_row(store.binding.delta_table, [&](TupleTableSlot *row) {
        const RowScan scan = begin_row_scan(store.binding.delta_table, {&item.value, 1});
        while (next_row(scan, row) && visit(row)) continue;
        end_row_scan(scan);
    });
}

} // namespace

Quantity stock_with(Store &store, const Item &item, const Deltas &deltas) {
    const auto units = sum_of(deltas.change);
    const auto stock = units ? checked_add(item.state.stock, *units) : std::nullopt;
    if (!stock)
        ereport(ERROR, (errcode(errcodes::not_in_state),
                        errmsg("stock of item \"%s\" plus its deltas is out of range",
                               key_text(store.binding.item_type, item.key)),
                        errdetail("The row is in table \"%s\".",
                                  relation_label(store.binding.item_table.relation)),
                        errhint("Call vend.audit(), which shows the difference and a repair.")));
    return *stock;
}

void append_deltas(Store &store, std::span<const Delta> deltas) {
    open_deltas(store);
    const TupleDesc descriptor =
        CreateTupleDescCopy(RelationGetDescr(store.binding.delta_table.rel)); // unpinned
    auto **slots = static_cast<TupleTableSlot **>(palloc(sizeof(TupleTableSlot *) * deltas.size()));
    for (std::size_t i = 0; i < deltas.size(); ++i) {
        TupleTableSlot *row = slots[i] = MakeSingleTupleTableSlot(descriptor, &TTSOpsVirtual);
        std::fill_n(row->tts_isnull, descriptor->natts, true); // dropped columns stay null
        row->tts_values[store.binding.delta_item - 1] = deltas[i].item.value;
        row->tts_isnull[store.binding.delta_item - 1] = false;
        const Change<Quantity> &change = deltas[i].change;
        row->tts_values[store.binding.delta_qty - 1] =
            Int64GetDatum(change.sold.value + change.moved.value);
        row->tts_isnull[store.binding.delta_qty - 1] = false;
        if (store.binding.has_claims() && change.sold != Quantity{}) {
            row->tts_values[store.binding.delta_claimed - 1] = Int64GetDatum(-change.sold.value);
            row->tts_isnull[store.binding.delta_claimed - 1] = false;
        }
        ExecStoreVirtualTuple(row);
    }
    insert_rows(store.binding.delta_table, {slots, deltas.size()});
    for (std::size_t i = 0; i < deltas.size(); ++i) ExecDropSingleTupleTableSlot(slots[i]);
    FreeTupleDesc(descriptor);
}

Deltas sum_deltas(Store &store, ItemKey item) {
    DeltaSum sum;
    for_each_delta(store, item, [&](TupleTableSlot *row) {
        add_delta(store, row, &sum);
        return true;
    });
    return deltas_of(store, sum);
}

namespace {

// Takes deltas until is_enough(sum).
template <typename IsEnough> Deltas take_until(Store &store, ItemKey item, IsEnough is_enough) {
    DeltaSum sum;
    const auto take = [&](TupleTableSlot *row) {
        if (!delete_row(store.binding.delta_table, row)) raise_concurrent_write("delete");
        add_delta(store, row, &sum);
        return !is_enough(sum);
    };
    in_snapshot(SnapshotKind::latest, [&] { for_each_delta(store, item, take); });
    if (sum.count > 0) CommandCounterIncrement();
    return deltas_of(store, sum);
}

} // namespace

Deltas take_deltas(Store &store, ItemKey item) {
    return take_until(store, item, [](const DeltaSum & /*sum*/) { return false; });
}

namespace {

// Whether the row has room for the sum of some deltas. A refund may come before its sale, whose claims
// it takes back: then it must not add to the total.
bool has_room(const Store &store, const Item &item, const DeltaSum &sum) {
    if (!is_in_range(sum)) return false;
    const Change<Quantity> change = change_of(sum);
    return stock_after(store.binding, item, change) &&
           (!store.binding.has_claims() || beyond_claims(item.figure, change.sold.value) == 0);
}

} // namespace

Deltas fold_deltas(Store &store, const Item &item, int64 count_min) {
    const int64 stock_min = std::min<int64>(item.state.stock.value, 0);
    const Deltas deltas = take_until(store, item.key, [&](const DeltaSum &sum) {
        const __int128 stock = sum.units + item.state.stock.value;
        return sum.count >= count_min && stock >= stock_min && has_room(store, item, sum);
    });
    if (deltas.change == Change<Quantity>{}) return deltas;
    (void)stock_with(store, item, deltas); // raises where the stock would be out of range
    change_locked_stock(store, item, deltas.change);
    return deltas;
}

std::span<const ItemKey> unsettled_items(Store &store) {
    if (!store.binding.has_items()) return {};
    CommandCounterIncrement();
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    const Rows rows = run(store, Statement::unsettled_items, {}, snapshot);
    UnregisterSnapshot(snapshot);
    auto *items = static_cast<ItemKey *>(palloc(sizeof(ItemKey) * (rows.count + 1)));
    for (uint64 i = 0; i < rows.count; ++i) items[i] = ItemKey(rows.value_at(i, 1));
    return {items, rows.count};
}

} // namespace vend
