#include "base/prelude.hpp"

#include "rows/rows.hpp"

#include "base/error_codes.hpp"
#include "base/scope.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "binding/statement.hpp"
#include "core/checked.hpp"
#include "core/lock_mode.hpp"
#include "rows/caller_look.hpp"
#include "rows/execute.hpp"
#include "rows/figure.hpp"
#include "rows/figure_write.hpp"
#include "rows/row_name.hpp"
#include "rows/selected_rows.hpp"
#include "table/catalog.hpp"
#include "table/engine_write.hpp"
#include "table/lock_wait.hpp"
#include "table/row_lock.hpp"
#include "table/table.hpp"

#include <algorithm>

namespace vend {
namespace {

// The key of a row. Raises 55000 when it is null, which a row that was found by its key cannot be.
Datum key_value(TupleTableSlot *row, const BoundColumn &column) {
    const auto value = column_value(row, column);
    if (!value)
        ereport(ERROR, (errcode(errcodes::not_in_state),
                        errmsg("column \"%s\" of a bound row is null", column.raw_name),
                        errhint("Fill the column in and declare it NOT NULL.")));
    return *value;
}

std::string_view text_view(Datum text) {
    const auto *bytes = reinterpret_cast<const struct varlena *>(PG_DETOAST_DATUM_PACKED(text));
    return {VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)};
}

// The currency in a column, copied for the call. Nothing where it is null or not bound.
std::optional<Currency> currency_in(TupleTableSlot *row, const BoundColumn &column) {
    if (column.name == nullptr) return std::nullopt;
    const auto value = column_value(row, column);
    if (!value) return std::nullopt;
    switch (column.base_type) {
    case BPCHAROID: {
        char *padded = TextDatumGetCString(*value);
        return Currency(
            padded, static_cast<std::size_t>(bpchartruelen(padded, static_cast<int>(strlen(padded)))));
    }
    case TEXTOID:
    case VARCHAROID:
        return Currency(TextDatumGetCString(*value));
    default: {
        Oid output = InvalidOid;
        bool is_varlena = false;
        getTypeOutputInfo(column.base_type, &output, &is_varlena);
        return Currency(OidOutputFunctionCall(output, *value));
    }
    }
}

void read_stock(const Binding &binding, TupleTableSlot *row, Item *item) {
    const FigureInRow stock = figure_from(
        stock_columns(binding), [&](const BoundColumn &column) { return column_value(row, column); });
    item->figure = stock.figure;
    item->state.stock = Quantity{stock.left};
    item->state.is_stock_null = stock.is_null;
    if (stock.not_exact != nullptr) item->state.flaw = ItemFlaw::stock_not_exact;
    item->state.is_unlimited = is_unlimited(binding, stock);
    if (binding.stock_version.name != nullptr)
        item->figure.version = count_in(binding, binding.ref(item->key), row, binding.stock_version);
}

void read_price(const Binding &binding, TupleTableSlot *row, ItemState *state) {
    const auto value = column_value(row, binding.price);
    const auto price = value ? exact_number(binding.price.figures, *value) : std::nullopt;
    if (price && *price >= 0)
        state->price = Money{*price};
    else
        state->flaw = !value   ? ItemFlaw::no_price
                      : !price ? ItemFlaw::price_not_exact
                               : ItemFlaw::price_below_zero;
}

void read_lock_mode(const Binding &binding, TupleTableSlot *row, ItemState *state) {
    const auto mode = column_value(row, binding.lock_mode);
    if (!mode) return;
    state->lock_mode = lock_mode_from(text_view(*mode));
    if (!state->lock_mode) state->flaw = ItemFlaw::unknown_lock_mode;
}

Item item_of(Store &store, TupleTableSlot *row) {
    Item item;
    item.version = version_of(row);
    const Binding &binding = store.binding;
    item.key = copy_key(binding.item_type, key_value(row, binding.item_key));
    if (binding.has_prices()) read_price(binding, row, &item.state);
    if (binding.has_lock_modes()) read_lock_mode(binding, row, &item.state);
    read_stock(binding, row, &item);
    // No counter counts the units of an unlimited item.
    if (item.state.is_unlimited && item.state.lock_mode == LockMode::escrow)
        item.state.lock_mode.reset();
    if (binding.has_versions())
        item.state.version = count_in(binding, binding.ref(item.key), row, binding.version);
    item.state.currency = currency_in(row, binding.item_currency);
    return item;
}

Wallet wallet_of(Store &store, TupleTableSlot *row) {
    const Binding &binding = store.binding;
    const WalletKey key = copy_key(binding.buyer_type, key_value(row, binding.wallet_key));
    const FigureInRow balance = figure_from(
        balance_columns(binding), [&](const BoundColumn &column) { return column_value(row, column); });
    Wallet wallet{version_of(row), key, Money{balance.left}, balance.figure,
                  balance.not_exact == nullptr};
    if (binding.balance_version.name != nullptr)
        wallet.figure.version = count_in(binding, binding.ref(key), row, binding.balance_version);
    wallet.currency = currency_in(row, binding.wallet_currency);
    return wallet;
}

// Raises 55000 for a stock that would say that the item is unlimited.
void require_limited(const Binding &binding, const Item &item, const Change<Quantity> &change) {
    if (!binding.unlimited.stock) return;
    const auto after = changed_in(stock_columns(binding), item.figure, in_numbers(change));
    if (!after || *binding.unlimited.stock != Quantity{after->total}) return;
    const KeyRef key = binding.ref(item.key);
    ereport(ERROR, (errcode(errcodes::not_in_state),
                    errmsg("stock of %s cannot become " INT64_FORMAT, row_name(key), after->total),
                    errdetail("In table \"%s\" this number says that an item is unlimited.",
                              relation_label(binding.item_table.relation)),
                    errhint("Move another number of units.")));
}

bool write_stock(const Binding &binding, const TableUpdate &update, const Item &item,
                 const Change<Quantity> &change) {
    require_limited(binding, item, change);
    const FigureColumns columns = stock_columns(binding);
    return write_figure(binding, update, {binding.ref(item.key), item.version, columns, item.figure},
                        in_numbers(change));
}

void require_exact(const Binding &binding, const Wallet &wallet) {
    if (!wallet.is_exact) raise_not_exact(binding, binding.ref(wallet.key), binding.balance);
}

bool write_balance(const Binding &binding, const TableUpdate &update, const Wallet &wallet,
                   const Change<Money> &change) {
    require_exact(binding, wallet);
    const FigureColumns columns = balance_columns(binding);
    return write_figure(binding, update,
                        {binding.ref(wallet.key), wallet.version, columns, wallet.figure},
                        in_numbers(change));
}

void run_stock_change(Store &store, const StockChange &change) {
    const Item &item = *change.item;
    require_exact(store.binding, item);
    require_limited(store.binding, item, change.change);
    const FigureColumns columns = stock_columns(store.binding);
    const FigureRow row{store.binding.ref(item.key), item.version, columns, item.figure};
    const int64 left = run_figure_change(store, Statement::add_stock, row, in_numbers(change.change));
    if (left != item.state.stock.value + change.change.sold.value + change.change.moved.value)
        raise_write_altered(store.binding.item_table.relation);
}

// Raises 55000 where a trigger of the owner's has taken money that the debit had counted on.
void require_covered(const Store &store, const BalanceChange &change) {
    if (sum_of(change.change) >= Money{0} || change.balance >= Money{0}) return;
    const KeyRef key = store.binding.ref(change.wallet->key);
    ereport(ERROR, (errcode(errcodes::not_in_state), errmsg("balance of %s is negative", row_name(key)),
                    table_detail(store.binding, key),
                    errhint("A trigger has taken money from the wallet during the call.")));
}

void run_balance_change(Store &store, BalanceChange *change) {
    const Wallet &wallet = *change->wallet;
    require_exact(store.binding, wallet);
    const FigureColumns columns = balance_columns(store.binding);
    const FigureRow row{store.binding.ref(wallet.key), wallet.version, columns, wallet.figure};
    change->balance =
        Money{run_figure_change(store, Statement::add_balance, row, in_numbers(change->change))};
    require_covered(store, *change);
}

// Looks for the row at the place where an item in escrow was last found, which costs a tenth of finding
// it by its key. A version there that the snapshot shows and that has the key is the row.
bool is_in_hot_place(Store &store, ItemKey key, TupleTableSlot *row) {
    if (!store.caches.hot_key || !same_key(store.binding.item_type, *store.caches.hot_key, key))
        return false;
    Relation rel = store.binding.item_table.rel;
    // VACUUM may have truncated the table, so that the place does not exist any more.
    if (ItemPointerGetBlockNumber(&store.caches.hot_place) >= RelationGetNumberOfBlocks(rel))
        return false;
    return table_tuple_fetch_row_version(rel, &store.caches.hot_place, GetActiveSnapshot(), row) &&
           has_key(store.binding.item_table, {&key.value, 1}, row);
}

void remember_place(Store &store, const Item &item) {
    if (store.caches.hot_key && !store.binding.item_type.by_value)
        pfree(DatumGetPointer(store.caches.hot_key->value));
    store.caches.hot_key.reset();
    store.caches.hot_key = in_context(store.binding.context,
                                      [&] { return copy_key(store.binding.item_type, item.key.value); });
    store.caches.hot_place = item.version.place;
}

// Writes each change to the row version that was read. Where that is not the newest version, the row is
// locked and read again, and the change is written to that. A row without a change is only locked. Stops
// and returns false when a change cannot be made.
template <typename Change, typename Changes, typename Write, typename Lock>
bool are_written_as_read(const Table &table, std::span<const Change> changes, Changes is_change,
                         Write write, Lock lock) {
    const TableUpdate update = begin_update(table);
    const bool are_written = std::ranges::all_of(changes, [&](const Change &change) {
        if (!is_change(change)) return lock(change);
        return write(update, change) || (lock(change) && write(update, change));
    });
    end_update(update);
    return are_written;
}

bool find_item_in_snapshot(Store &store, ItemKey key, TupleTableSlot *row) {
    return store.binding.item_table.is_partitioned
               ? select_item_in_snapshot(store, key, row)
               : find_row_in_snapshot(store.binding.item_table, {&key.value, 1}, row);
}

bool find_wallet_in_snapshot(Store &store, WalletKey key, TupleTableSlot *row) {
    return store.binding.wallet_table.is_partitioned
               ? select_wallet_in_snapshot(store, key, row)
               : find_row_in_snapshot(store.binding.wallet_table, {&key.value, 1}, row);
}

LockResult lock_item_row(Store &store, ItemKey key, LockWait wait, TupleTableSlot *row) {
    return store.binding.item_table.is_partitioned
               ? lock_selected_item(store, key, wait, row)
               : lock_row(store.binding.item_table, key.value, wait, row);
}

LockResult lock_wallet_row(Store &store, WalletKey key, LockWait wait, TupleTableSlot *row) {
    return store.binding.wallet_table.is_partitioned
               ? lock_selected_wallet(store, key, wait, row)
               : lock_row(store.binding.wallet_table, key.value, wait, row);
}

// Locks the newest version of a wallet that was read before. Leaves the slot empty.
bool lock_wallet_as_read(Store &store, Wallet *wallet, TupleTableSlot *row) {
    const bool is_locked =
        (!store.binding.wallet_table.is_partitioned &&
         lock_version(store.binding.wallet_table, wallet->key.value, wallet->version, row)) ||
        lock_wallet_row(store, wallet->key, {}, row) == LockResult::locked;
    if (is_locked) *wallet = wallet_of(store, row);
    ExecClearTuple(row);
    return is_locked;
}

// Calls take(place, row) for each key that has a row. find() finds the row of one key, in partitioned
// tables, which have no index of all rows.
template <KeyOf of, typename Find, typename Take>
void read_rows(const Table &table, std::span<const Key<of>> keys, Find find, Take take) {
    const auto read = [&](TupleTableSlot *row) {
        if (table.is_partitioned) {
            for (std::size_t i = 0; i < keys.size(); ++i)
                if (find(keys[i], row)) take(i, row);
            return;
        }
        const RowScan scan = begin_row_scan(table, {&keys[0].value, 1});
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (i > 0) restart_row_scan(table, scan, {&keys[i].value, 1});
            if (next_row(scan, row)) take(i, row);
        }
        end_row_scan(scan);
    };
    if (!keys.empty()) in_snapshot(SnapshotKind::of_transaction, [&] { with_row(table, read); });
}

// Forgets the rows that the caller must not see.
template <typename Row> void drop_hidden(Store &store, std::span<std::optional<Row>> rows) {
    for (auto &row : rows)
        if (row && is_hidden(store, row->key)) row.reset();
}

} // namespace

void require_exact(const Binding &binding, const Item &item) {
    if (item.state.flaw == ItemFlaw::stock_not_exact)
        raise_not_exact(binding, binding.ref(item.key), binding.stock);
}

void read_items(Store &store, std::span<const ItemKey> keys, std::span<std::optional<Item>> items) {
    read_rows(
        store.binding.item_table, keys,
        [&](ItemKey key, TupleTableSlot *row) { return select_item_in_snapshot(store, key, row); },
        [&](std::size_t i, TupleTableSlot *row) { items[i] = item_of(store, row); });
    drop_hidden(store, items);
}

void read_wallets(Store &store, std::span<const WalletKey> keys,
                  std::span<std::optional<Wallet>> wallets) {
    read_rows(
        store.binding.wallet_table, keys,
        [&](WalletKey key, TupleTableSlot *row) { return select_wallet_in_snapshot(store, key, row); },
        [&](std::size_t i, TupleTableSlot *row) { wallets[i] = wallet_of(store, row); });
    drop_hidden(store, wallets);
}

bool lock_as_read(Store &store, Item *item) {
    return with_row(store.binding.item_table, [&](TupleTableSlot *row) {
        const bool is_locked =
            store.binding.item_table.is_partitioned
                ? lock_selected_item(store, item->key, {}, row) == LockResult::locked
                : lock_version(store.binding.item_table, item->key.value, item->version, row);
        if (is_locked) *item = item_of(store, row);
        return is_locked;
    });
}

void lock_wallets(Store &store, std::span<std::optional<Wallet>> wallets) {
    with_row(store.binding.wallet_table, [&](TupleTableSlot *row) {
        for (auto &wallet : wallets)
            if (wallet && !lock_wallet_as_read(store, &*wallet, row)) wallet.reset();
    });
}

std::optional<Item> read_item_in_snapshot(Store &store, ItemKey key) {
    return with_row(store.binding.item_table, [&](TupleTableSlot *row) {
        std::optional<Item> item;
        if (is_in_hot_place(store, key, row)) {
            item = item_of(store, row);
        } else if (find_item_in_snapshot(store, key, row)) {
            item = item_of(store, row);
            if (item->state.lock_mode == LockMode::escrow && !store.binding.item_table.is_partitioned)
                remember_place(store, *item);
        }
        return item;
    });
}

std::optional<Item> read_item(Store &store, ItemKey key, SnapshotKind kind) {
    if (is_hidden(store, key)) return std::nullopt;
    return in_snapshot(kind, [&] { return read_item_in_snapshot(store, key); });
}

std::optional<Item> read_again(Store &store, const Item &item) {
    return in_snapshot(SnapshotKind::latest, [&] {
        const bool is_as_read = !store.binding.item_table.is_partitioned &&
                                is_in_snapshot(store.binding.item_table, item.version);
        return is_as_read ? item : read_item_in_snapshot(store, item.key);
    });
}

LockResult lock_item(Store &store, ItemKey key, LockWait wait, Item *item) {
    if (is_hidden(store, key)) return LockResult::absent;
    return with_row(store.binding.item_table, [&](TupleTableSlot *row) {
        const LockResult result = lock_item_row(store, key, wait, row);
        if (result == LockResult::locked) *item = item_of(store, row);
        return result;
    });
}

std::optional<Wallet> read_wallet(Store &store, WalletKey key) {
    if (is_hidden(store, key)) return std::nullopt;
    return with_row(store.binding.wallet_table, [&](TupleTableSlot *row) {
        return in_snapshot(SnapshotKind::of_transaction, [&] {
            return find_wallet_in_snapshot(store, key, row) ? std::optional(wallet_of(store, row))
                                                            : std::nullopt;
        });
    });
}

LockResult lock_wallet(Store &store, WalletKey key, LockWait wait, Wallet *wallet) {
    if (is_hidden(store, key)) return LockResult::absent;
    return with_row(store.binding.wallet_table, [&](TupleTableSlot *row) {
        const LockResult result = lock_wallet_row(store, key, wait, row);
        if (result == LockResult::locked) *wallet = wallet_of(store, row);
        return result;
    });
}

std::optional<Quantity> stock_after(const Binding &binding, const Item &item,
                                    const Change<Quantity> &change) {
    const auto after = changed_in(stock_columns(binding), item.figure, in_numbers(change));
    const auto left = after ? left_of(*after) : std::nullopt;
    return left ? std::optional(Quantity{*left}) : std::nullopt;
}

std::optional<Money> balance_after(const Binding &binding, const Wallet &wallet,
                                   const Change<Money> &change) {
    const auto after = changed_in(balance_columns(binding), wallet.figure, in_numbers(change));
    const auto left = after ? left_of(*after) : std::nullopt;
    return left ? std::optional(Money{*left}) : std::nullopt;
}

Quantity stock_max(const Binding &binding, const Item &item) {
    return Quantity{left_max(stock_columns(binding), item.figure)};
}

Money balance_max(const Binding &binding, const Wallet &wallet) {
    return Money{left_max(balance_columns(binding), wallet.figure)};
}

bool take_if_unwritten(Store &store, const Item &item, Quantity qty) {
    const Change<Quantity> change = by_sale(negated(qty));
    if (store.binding.is_written_directly()) {
        const TableUpdate update = begin_update(store.binding.item_table);
        const bool is_written = write_stock(store.binding, update, item, change);
        end_update(update);
        return is_written;
    }
    Item now;
    if (lock_item(store, item.key, {}, &now) != LockResult::locked || now.state != item.state ||
        now.figure != item.figure || !same_key(store.binding.item_type, now.key, item.key))
        return false;
    change_locked_stock(store, now, change);
    return true;
}

void change_locked_stock(Store &store, const Item &item, const Change<Quantity> &change) {
    const StockChange written{&item, change};
    change_locked_stocks(store, {&written, 1});
}

void change_locked_stocks(Store &store, std::span<const StockChange> changes) {
    if (!store.binding.is_written_directly()) {
        for (const StockChange &change : changes) run_stock_change(store, change);
        return;
    }
    const TableUpdate update = begin_update(store.binding.item_table);
    for (const StockChange &change : changes)
        if (!write_stock(store.binding, update, *change.item, change.change))
            raise_write_altered(store.binding.item_table.relation);
    end_update(update);
}

Money change_locked_balance(Store &store, const Wallet &wallet, const Change<Money> &change) {
    BalanceChange written{&wallet, change};
    change_locked_balances(store, {&written, 1});
    return written.balance;
}

void change_locked_balances(Store &store, std::span<BalanceChange> changes) {
    if (!store.binding.is_written_directly()) {
        for (BalanceChange &change : changes) run_balance_change(store, &change);
        return;
    }
    const TableUpdate update = begin_update(store.binding.wallet_table);
    for (BalanceChange &change : changes) {
        const auto balance = balance_after(store.binding, *change.wallet, change.change);
        if (!balance) raise_figure_out_of_range(store.binding, store.binding.ref(change.wallet->key));
        change.balance = *balance;
        if (!write_balance(store.binding, update, *change.wallet, change.change))
            raise_write_altered(store.binding.wallet_table.relation);
    }
    end_update(update);
}

bool take_as_read(Store &store, std::span<const StockTake> takes) {
    if (takes.empty()) return true;
    const auto is_written = [&](const TableUpdate &update, const StockTake &take) {
        const Quantity left{take.item->state.stock.value - take.qty.value};
        return left >= Quantity{0} &&
               write_stock(store.binding, update, *take.item, by_sale(negated(take.qty)));
    };
    const auto is_locked = [&](const StockTake &take) {
        return lock_as_read(store, take.item) && take.item->state.lock_mode != LockMode::escrow &&
               !take.item->state.is_unlimited;
    };
    const auto is_change = [](const StockTake &take) { return take.qty != Quantity{}; };
    return are_written_as_read(store.binding.item_table, takes, is_change, is_written, is_locked);
}

bool change_balances_as_read(Store &store, std::span<const WalletChange> changes) {
    if (changes.empty()) return true; // there may be no wallets
    const auto is_written = [&](const TableUpdate &update, const WalletChange &change) {
        const auto left = balance_after(store.binding, *change.wallet, change.change);
        return left && (*left >= change.wallet->balance || *left >= Money{0}) &&
               write_balance(store.binding, update, *change.wallet, change.change);
    };
    TupleTableSlot *row = new_row(store.binding.wallet_table);
    // The wallet is not looked up by its key again: another row may have the key by now, and the ledger
    // row is already written for the row that was read.
    const auto is_locked = [&](const WalletChange &change) {
        const Wallet &wallet = *change.wallet;
        const bool is_there =
            lock_version(store.binding.wallet_table, wallet.key.value, wallet.version, row);
        if (is_there) *change.wallet = wallet_of(store, row);
        ExecClearTuple(row);
        return is_there;
    };
    const auto is_change = [](const WalletChange &change) { return change.change != Change<Money>{}; };
    const bool are_written =
        are_written_as_read(store.binding.wallet_table, changes, is_change, is_written, is_locked);
    ExecDropSingleTupleTableSlot(row);
    return are_written;
}

void set_locked_mode(Store &store, const Item &item, std::optional<LockMode> mode) {
    if (!store.binding.has_lock_modes())
        ereport(ERROR,
                (errcode(errcodes::not_in_state),
                 errmsg("the items of store \"%s\" have no lock mode of their own", store.binding.name),
                 errhint("Add a column for it with vend.reattach_store(%s, lock_mode => "
                         "'lock_mode', add_columns => true).",
                         quote_literal_cstr(store.binding.name))));
    const Parameter value = mode ? Parameter{text_datum(to_text(*mode))} : null_parameter;
    if (store.binding.is_written_directly()) {
        const TableUpdate update = begin_update(store.binding.item_table);
        const ColumnChange change{value.value, store.binding.lock_mode.number, value.is_null};
        if (!update_row(update, item.version, {&change, 1}))
            raise_write_altered(store.binding.item_table.relation);
        end_update(update);
        return;
    }
    const Parameter parameters[] = {{item.key.value}, value};
    const Rows rows =
        run_write(store, Statement::set_lock_mode, parameters, store.binding.item_table.relation, 0);
    if (rows.count == 0) raise_write_altered(store.binding.item_table.relation);
}

void bump_version(Store &store, ItemKey item) {
    const Parameter key{item.value};
    const Rows rows =
        run_write(store, Statement::bump_version, {&key, 1}, store.binding.item_table.relation, 0);
    if (rows.count == 0 && read_item(store, item))
        raise_write_altered(store.binding.item_table.relation);
}

} // namespace vend
