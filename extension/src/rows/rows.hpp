#pragma once
// Items and wallets as rows: read, locked, written.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/lock_mode.hpp"
#include "table/lock_wait.hpp"
#include "table/table.hpp"

#include <optional>
#include <span>

namespace vend {

struct Item {
    RowVersion version; // of the row that was read
    ItemKey key;        // as the row has it
    ItemState state;
    // Of an item in escrow, whose stock is its counter's.
    bool is_stock_known = true;
    uint64 counter_changes = 0; // when the counter was seen
};

struct Wallet {
    RowVersion version;
    WalletKey key; // as the row has it
    Money balance{};
};

std::optional<Item> read_item(Store &store, ItemKey key,
                              SnapshotKind kind = SnapshotKind::of_transaction);
// The same under the snapshot that was pushed last.
std::optional<Item> read_item_in_snapshot(Store &store, ItemKey key);
// The item as it is in the newest state, where that was read before and may have changed.
std::optional<Item> read_again(Store &store, const Item &item);
// Locks the row FOR NO KEY UPDATE and gives its newest version.
LockResult lock_item(Store &store, ItemKey key, LockWait wait, Item *item);

std::optional<Wallet> read_wallet(Store &store, WalletKey key);
LockResult lock_wallet(Store &store, WalletKey key, LockWait wait, Wallet *wallet);

// The rows of many keys, each at the place of its key; nothing where there is none.
void read_items(Store &store, std::span<const ItemKey> keys, std::span<std::optional<Item>> items);
void read_wallets(Store &store, std::span<const WalletKey> keys,
                  std::span<std::optional<Wallet>> wallets);

// Locks the row of an item that was read before and gives its newest version. False when it has gone,
// or may have: another may have its key.
bool lock_as_read(Store &store, Item *item);
// Locks wallets that were read before, in the order given; nothing where the row has gone.
void lock_wallets(Store &store, std::span<std::optional<Wallet>> wallets);

// Takes units from an item as it was read; false, and nothing is changed, when somebody has written to
// the row since.
bool take_if_unwritten(Store &store, const Item &item, Quantity qty);

// Each changes a counter of a row that this transaction has locked; raises 27000 unless it changes by
// what was decided. The balance may meanwhile have been moved by a call from a trigger of the user's, so
// what it is now comes back.
void set_locked_stock(Store &store, const Item &item, Quantity stock);
Money change_locked_balance(Store &store, const Wallet &wallet, Money change);

// The same for many rows, in the order given.
struct StockChange {
    const Item *item;
    Quantity stock;
};
void set_locked_stocks(Store &store, std::span<const StockChange> changes);
struct BalanceChange {
    const Wallet *wallet;
    Money change;
    Money balance{}; // what it is now
};
void change_locked_balances(Store &store, std::span<BalanceChange> changes);

// Writes rows of a plain store that were read without a lock, in the order given, and locks those that
// do not change. Where somebody has written to one since, it is locked and read anew, and is then what
// it is now. False, with some rows written, when one has gone or has not enough: the caller undoes it
// all.
struct StockTake {
    Item *item;
    Quantity qty;
};
bool take_as_read(Store &store, std::span<const StockTake> takes);
struct WalletChange {
    Wallet *wallet;
    Money change;
};
bool change_balances_as_read(Store &store, std::span<const WalletChange> changes);

// Sets the lock mode of a locked item; nothing: the setting decides.
void set_locked_mode(Store &store, const Item &item, std::optional<LockMode> mode);

// Counts an edit of the item that is not a sale.
void bump_version(Store &store, ItemKey item);

} // namespace vend
