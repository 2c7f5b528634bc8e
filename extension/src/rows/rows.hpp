#pragma once
// Reads, locks and writes the rows of items and wallets.
//
// This file hides how rows are reached. A plain store is written through its indexes, without statements
// (table/table.hpp). In any other store the writes are statements (rows/execute.hpp). The rows of
// partitioned tables are also read and locked by statements (rows/selected_rows.hpp). The result is the
// same: the same snapshots, the same row locks and the same errors.
//
// A figure is written in one of two ways: on a row that this transaction has locked, or on exactly the
// version that was read and decided on. So no decision rests on a figure that has changed since.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/figure.hpp"
#include "core/lock_mode.hpp"
#include "table/lock_wait.hpp"
#include "table/table.hpp"

#include <optional>
#include <span>

namespace vend {

struct Item {
    RowVersion version; // the row version that was read
    ItemKey key;        // as the row has it
    ItemState state;
    Figure figure; // the stock as the row has it
    // For an item in escrow, the stock is read from its counter.
    bool is_stock_known = true;
    uint64 counter_changes = 0; // the counter's number of changes when it was read
};

struct Wallet {
    RowVersion version;
    WalletKey key; // as the row has it
    Money balance{};
    Figure figure;                      // the balance as the row has it
    bool is_exact = true;               // see WalletState
    std::optional<Currency> currency{}; // nothing where it is null or not bound
};

std::optional<Item> read_item(Store &store, ItemKey key,
                              SnapshotKind kind = SnapshotKind::of_transaction);
// Reads an item in the snapshot that was pushed last.
std::optional<Item> read_item_in_snapshot(Store &store, ItemKey key);
// Reads the newest committed state of an item that was read before and may have changed.
std::optional<Item> read_again(Store &store, const Item &item);
// Locks the row FOR NO KEY UPDATE and returns its newest version.
LockResult lock_item(Store &store, ItemKey key, LockWait wait, Item *item);

std::optional<Wallet> read_wallet(Store &store, WalletKey key);
LockResult lock_wallet(Store &store, WalletKey key, LockWait wait, Wallet *wallet);

// Read the rows of many keys. Each has the place of its key; nothing where the row does not exist.
void read_items(Store &store, std::span<const ItemKey> keys, std::span<std::optional<Item>> items);
void read_wallets(Store &store, std::span<const WalletKey> keys,
                  std::span<std::optional<Wallet>> wallets);

// Locks the row of an item that was read before and returns its newest version. False when the row is
// gone or has another key.
bool lock_as_read(Store &store, Item *item);
// Locks wallets that were read before, in the given order. Sets those to nothing whose rows are gone.
void lock_wallets(Store &store, std::span<std::optional<Wallet>> wallets);

// Raises 55000 for an item whose stock is not a whole number of units, to which nothing can be added.
void require_exact(const Binding &binding, const Item &item);

// What would be left after a change of the row. Nothing where a column has no room for it.
std::optional<Quantity> stock_after(const Binding &binding, const Item &item,
                                    const Change<Quantity> &change);
std::optional<Money> balance_after(const Binding &binding, const Wallet &wallet,
                                   const Change<Money> &change);
// The most that can be left after a movement that is no refund.
Quantity stock_max(const Binding &binding, const Item &item);
Money balance_max(const Binding &binding, const Wallet &wallet);

// Sells units of an item in exactly the version that was read. False, with nothing changed, when
// somebody has written to the row since.
bool take_if_unwritten(Store &store, const Item &item, Quantity qty);

// Each changes a figure of a row that this transaction has locked. Raises 27000 unless the figure
// changes by what was decided. A trigger of the user's may have moved money of the wallet meanwhile, so
// the current balance is returned.
void change_locked_stock(Store &store, const Item &item, const Change<Quantity> &change);
Money change_locked_balance(Store &store, const Wallet &wallet, const Change<Money> &change);

// The same for many rows, in the given order.
struct StockChange {
    const Item *item;
    Change<Quantity> change;
};
void change_locked_stocks(Store &store, std::span<const StockChange> changes);
struct BalanceChange {
    const Wallet *wallet;
    Change<Money> change;
    Money balance{}; // the balance after the change
};
void change_locked_balances(Store &store, std::span<BalanceChange> changes);

// Write rows of a plain store that were read without a lock, in the given order, and lock those that do
// not change. A row that somebody has written since is locked, and the argument is set to its newest
// version. False when a row is gone or does not have enough. Some rows are written then, so the caller
// has to roll the subtransaction back.
struct StockTake {
    Item *item;
    Quantity qty; // that is sold
};
bool take_as_read(Store &store, std::span<const StockTake> takes);
struct WalletChange {
    Wallet *wallet;
    Change<Money> change;
};
bool change_balances_as_read(Store &store, std::span<const WalletChange> changes);

// Sets the lock mode of a locked item. Nothing means that the setting vend.lock_mode decides.
void set_locked_mode(Store &store, const Item &item, std::optional<LockMode> mode);

// Increments the version of an item, which counts edits other than sales.
void bump_version(Store &store, ItemKey item);

} // namespace vend
