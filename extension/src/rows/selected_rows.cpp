#include "base/prelude.hpp"

#include "rows/selected_rows.hpp"

#include "binding/key.hpp"
#include "binding/statement.hpp"
#include "binding/store.hpp"
#include "binding/store_columns.hpp"
#include "rows/execute.hpp"
#include "table/lock_wait.hpp"
#include "table/row_lock.hpp"
#include "table/table.hpp"

#include <algorithm>

namespace vend {
namespace {

struct Source {
    Statement read;
    Statement lock;
    Statement lock_or_skip;
    std::span<const BoundColumn *const> columns;
};

constexpr Source items{Statement::read_item, Statement::lock_item, Statement::lock_item_or_skip, {}};
constexpr Source wallets{
    Statement::read_wallet, Statement::lock_wallet, Statement::lock_wallet_or_skip, {}};

Source with_columns(Source source, std::span<const BoundColumn *const> columns) {
    source.columns = columns;
    return source;
}

// Copies the values of the row into the slot, and frees the rows: those of a statement take kilobytes,
// and a batch reads thousands. The copies live until the call ends.
bool store_row(const Source &source, const Rows &rows, TupleTableSlot *row) {
    ExecClearTuple(row);
    const bool is_found = rows.count > 0;
    std::fill_n(row->tts_isnull, row->tts_tupleDescriptor->natts, true);
    int position = 1;
    for (const BoundColumn *column : source.columns) {
        if (!is_found || column->name == nullptr) continue;
        const Form_pg_attribute attribute = TupleDescAttr(row->tts_tupleDescriptor, column->number - 1);
        if (const auto value = rows.value(position)) {
            row->tts_values[column->number - 1] =
                datumCopy(*value, attribute->attbyval, attribute->attlen);
            row->tts_isnull[column->number - 1] = false;
        }
        ++position;
    }
    free_rows(rows);
    if (is_found) ExecStoreVirtualTuple(row);
    return is_found;
}

bool select_in_snapshot(Store &store, const Source &source, Datum key, TupleTableSlot *row) {
    const Parameter parameter{key};
    return store_row(source, run(store, source.read, {&parameter, 1}, GetActiveSnapshot()), row);
}

bool lock_now(Store &store, const Source &source, Statement statement, Datum key, TupleTableSlot *row) {
    return store_row(source, run(store, statement, {{key}}), row);
}

bool is_there(Store &store, const Source &source, Datum key, TupleTableSlot *row) {
    return in_snapshot(SnapshotKind::of_transaction,
                       [&] { return select_in_snapshot(store, source, key, row); });
}

// Like lock_row(), by statements.
LockResult lock_selected(Store &store, const Source &source, Datum key, LockWait wait,
                         TupleTableSlot *row) {
    const bool is_bounded = is_ours_tighter(wait);
    for (int i = 0; i < replacements_max; ++i) {
        if (lock_now(store, source, is_bounded ? source.lock_or_skip : source.lock, key, row))
            return LockResult::locked;
        if (!is_there(store, source, key, row)) return LockResult::absent;
        if (is_bounded && (wait.nowait || !acquire_in_time(wait.timeout_ms, [&] {
                               (void)lock_now(store, source, source.lock, key, row);
                           })))
            return LockResult::busy;
        CHECK_FOR_INTERRUPTS();
    }
    return LockResult::busy;
}

} // namespace

bool select_item_in_snapshot(Store &store, ItemKey key, TupleTableSlot *row) {
    const auto columns = bound_columns(store.binding, item_columns);
    return select_in_snapshot(store, with_columns(items, columns), key.value, row);
}

bool select_wallet_in_snapshot(Store &store, WalletKey key, TupleTableSlot *row) {
    const auto columns = bound_columns(store.binding, wallet_columns);
    return select_in_snapshot(store, with_columns(wallets, columns), key.value, row);
}

LockResult lock_selected_item(Store &store, ItemKey key, LockWait wait, TupleTableSlot *row) {
    const auto columns = bound_columns(store.binding, item_columns);
    return lock_selected(store, with_columns(items, columns), key.value, wait, row);
}

LockResult lock_selected_wallet(Store &store, WalletKey key, LockWait wait, TupleTableSlot *row) {
    const auto columns = bound_columns(store.binding, wallet_columns);
    return lock_selected(store, with_columns(wallets, columns), key.value, wait, row);
}

} // namespace vend
