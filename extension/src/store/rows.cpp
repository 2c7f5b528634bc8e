#include "base/prelude.hpp"

#include "store/rows.hpp"

#include "base/error_codes.hpp"
#include "store/execute.hpp"
#include "store/row_lock.hpp"

namespace vend {
namespace {

constexpr LockStatements item_statements{Statement::read_item, Statement::lock_item,
                                         Statement::lock_item_skip_locked};
constexpr LockStatements wallet_statements{Statement::read_wallet, Statement::lock_wallet,
                                           Statement::lock_wallet_skip_locked};

// A counter below zero can only stem from a check that was dropped; nothing is decided on it.
template <typename Counter> Counter require_not_negative(const char *what, Counter counter) {
    if (counter < Counter{0})
        ereport(ERROR, (errcode(errcodes::not_in_state), errmsg("%s of a bound row is negative", what)));
    return counter;
}

Item item_of(Store &store, const Rows &rows) {
    Item item;
    item.key = rows.required(1);
    item.state.stock = require_not_negative("stock", Quantity{DatumGetInt64(rows.required(2))});
    if (store.has_prices())
        item.state.price =
            require_not_negative("price", money_from_column(store.money, rows.required(3)));
    item.state.stock_version = DatumGetInt64(rows.required(4));
    item.state.version = DatumGetInt64(rows.required(5));
    if (const auto mode = rows.value(6)) {
        const char *name = TextDatumGetCString(*mode);
        item.state.lock_mode = lock_mode_from(name);
        if (!item.state.lock_mode)
            ereport(ERROR, (errcode(errcodes::not_in_state),
                            errmsg("item \"%s\" has the unknown lock mode \"%s\"",
                                   key_text(store.item_type, item.key), name)));
    }
    return item;
}

Wallet wallet_of(Store &store, const Rows &rows) {
    return Wallet{rows.required(1),
                  require_not_negative("balance", money_from_column(store.money, rows.required(2)))};
}

Parameter price_parameter(const Store &store, const Item &item) {
    if (!item.state.price) return null_parameter;
    return {money_to_column(store.money, *item.state.price)};
}

Parameter version_parameter(const SaleTerms &terms) {
    if (!terms.expected_version) return null_parameter;
    return {Int64GetDatum(*terms.expected_version)};
}

std::optional<Quantity> stock_left(const Rows &rows) {
    if (rows.count == 0) return std::nullopt;
    return Quantity{DatumGetInt64(rows.required(1))};
}

} // namespace

std::optional<Item> read_item(Store &store, Datum key) {
    const Rows rows = run(store, Statement::read_item, {{key}});
    if (rows.count == 0) return std::nullopt;
    return item_of(store, rows);
}

LockResult lock_item(Store &store, Datum key, LockWait wait, Item *item) {
    Rows rows;
    const LockResult result = lock_row(store, item_statements, key, wait, &rows);
    if (result == LockResult::locked) *item = item_of(store, rows);
    return result;
}

std::optional<Wallet> read_wallet(Store &store, Datum key) {
    const Rows rows = run(store, Statement::read_wallet, {{key}});
    if (rows.count == 0) return std::nullopt;
    return wallet_of(store, rows);
}

LockResult lock_wallet(Store &store, Datum key, LockWait wait, Wallet *wallet) {
    Rows rows;
    const LockResult result = lock_row(store, wallet_statements, key, wait, &rows);
    if (result == LockResult::locked) *wallet = wallet_of(store, rows);
    return result;
}

bool claim_if_enough(Store &store, const Item &item, const SaleTerms &terms) {
    return run_write(store, Statement::claim_if_enough,
                     {{item.key},
                      {Int64GetDatum(terms.qty.value)},
                      version_parameter(terms),
                      price_parameter(store, item)},
                     store.item_relation, -terms.qty.value)
               .count == 1;
}

bool claim_if_unchanged(Store &store, const Item &item, const SaleTerms &terms) {
    return run_write(store, Statement::claim_if_unchanged,
                     {{item.key},
                      {Int64GetDatum(terms.qty.value)},
                      version_parameter(terms),
                      price_parameter(store, item),
                      {Int64GetDatum(item.state.stock_version)},
                      {Int64GetDatum(item.state.stock.value)}},
                     store.item_relation, -terms.qty.value)
               .count == 1;
}

void set_locked_stock(Store &store, const Item &item, Quantity stock) {
    const int64 change = stock.value - item.state.stock.value;
    const auto left =
        stock_left(run_write(store, Statement::add_stock, {{item.key}, {Int64GetDatum(change)}},
                             store.item_relation, change));
    if (left != stock) raise_write_altered(store.item_relation);
}

Money change_locked_balance(Store &store, const Wallet &wallet, Money change) {
    const Rows rows =
        run_write(store, Statement::add_balance, {{wallet.key}, {money_to_column(store.money, change)}},
                  store.wallet_relation, change.value);
    if (rows.count == 0) raise_write_altered(store.wallet_relation);
    return require_not_negative("balance", money_from_column(store.money, rows.required(1)));
}

void bump_version(Store &store, Datum item) {
    const Rows rows = run_write(store, Statement::bump_version, {{item}}, store.item_relation, 0);
    if (rows.count == 0 && read_item(store, item)) raise_write_altered(store.item_relation);
}

} // namespace vend
