#pragma once
// The items and wallets of a batch, each at its place. They are read, locked in the order that all calls
// share, decided on, and each written once.

#include "base/prelude.hpp"

#include "base/clock.hpp"
#include "base/new_array.hpp"
#include "batch/distinct_keys.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/store.hpp"
#include "core/decision.hpp"
#include "escrow/items.hpp"
#include "rows/rows.hpp"

#include <algorithm>
#include <optional>
#include <span>

namespace vend {

struct BatchRows {
    Store &store;
    bool are_sales = true; // or transfers
    ItemKeys items{};
    WalletKeys buyers{};
    std::span<std::optional<Item>> item_rows{};
    std::span<std::optional<LockedItem>> locked{};
    std::span<std::optional<Wallet>> wallets{};
    std::span<bool> late_wallets{}; // wallets that write_rows_as_read() only locks; empty: none
    bool counts_money = false;
    std::span<std::optional<ItemState>> item_states{};
    std::span<WalletState> wallet_states{};
};

// Reads the rows of the given keys without a lock; for items in escrow with the counter's stock. Then
// replaces the keys by those of the rows: two spellings of one key become one place.
void read_item_rows(BatchRows &rows, std::span<std::optional<ItemKey>> given);
void read_wallet_rows(BatchRows &rows, std::span<std::optional<WalletKey>> given);

// Locks wallets by key, then items by key.
void lock_rows(BatchRows &rows);

// Fills in the states to decide on. Wallets are left out until the rows are locked.
void set_states(BatchRows &rows);

// Takes the units that were decided on from counters: all, or none and then the batch decides again.
bool take_from_counters(BatchRows &rows);

// Waits for pending units of an item. False when the time is over.
bool wait_for_item(const BatchRows &rows, int item, MonotonicTime until);

void write_rows(BatchRows &rows);

// Whether the batch may write rows without locking them first, after the ledger's rows. That needs a
// store where no such write waits out of order.
bool may_write_as_read(const Store &store);

// Writes what was decided into rows of a plain store that are not locked, in the order in which they
// would have been locked. Afterwards the rows are locked, and the states are the current ones before
// this batch. False, with some rows written, when a row has changed too much: the caller rolls back.
bool write_rows_as_read(BatchRows &rows);

// Writes the wallets that write_rows_as_read() skipped.
void write_late_wallets(BatchRows &rows);

// Opens the tables that write_rows_as_read() writes to, outside of the subtransaction that may be rolled
// back.
void open_written(BatchRows &rows);

// Whether a batch of this size without ids waits for its turn (rows/call_locks.hpp). A small batch is
// over sooner than a turn. A fixed snapshot would grow old in the wait. And others may wait for rows
// that a transaction block has locked before.
bool takes_turns(const Store &store, std::size_t request_count);

// The key of a place as its row spells it now. Without a row: as the caller spells it.
ItemKey item_key(const BatchRows &rows, int place);
WalletKey buyer_key(const BatchRows &rows, int place);

// The text of each key, by place.
template <KeyOf of> std::span<const char *> names_of(const KeyTypeOf<of> &type, const Keys<of> &keys) {
    const auto names = new_array<const char *>(keys.keys.size());
    std::ranges::transform(keys.keys, names.begin(), [&](Key<of> key) { return key_text(type, key); });
    return names;
}

} // namespace vend
