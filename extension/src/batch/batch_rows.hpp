#pragma once
// The items and wallets of a batch, each at its place: read, locked in the order of all calls, given to
// the decision, and written once with what the decision has left of them.

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
    ItemKeys items{};
    WalletKeys buyers{};
    std::span<std::optional<Item>> item_rows{};
    std::span<std::optional<LockedItem>> locked{};
    std::span<std::optional<Wallet>> wallets{};
    std::span<bool> late_wallets{}; // those that write_rows_as_read() only locks; empty: none
    bool counts_money = false;
    std::span<std::optional<ItemState>> item_states{};
    std::span<WalletState> wallet_states{};
};

// The rows of the keys that were given, without a lock; of an item in escrow with what its counter says.
// The keys become those that the rows have: two spellings of one key are one place.
void read_item_rows(BatchRows &rows, std::span<std::optional<ItemKey>> given);
void read_wallet_rows(BatchRows &rows, std::span<std::optional<WalletKey>> given);

// Wallets by key, then items by key.
void lock_rows(BatchRows &rows);

// What is to be decided on: before the rows are locked without a look at the money.
void set_states(BatchRows &rows);

// Takes from counters what was decided, or nothing: then it has to be decided anew.
bool take_from_counters(BatchRows &rows);

// Waits for sales of others that hold what is left of an item; false when the time is over.
bool wait_for_item(const BatchRows &rows, int item, MonotonicTime until);

void write_rows(BatchRows &rows);

// Whether rows may be written that were not locked before, after the ledger's: nothing of that is waited
// for out of order.
bool may_write_as_read(const Store &store);

// The same for rows of a plain store that are not locked, in the order in which they would have been:
// what was decided on them as they were read; of an item in escrow something is sold. The rows are then
// locked, and what they are now, before this sale. False, with some written, when a row has changed too
// much: the caller undoes it all.
bool write_rows_as_read(BatchRows &rows);

// Writes the wallets that that left to be written later.
void write_late_wallets(BatchRows &rows);

// Opens what that writes to, which has to happen outside of the subtransaction that may be undone.
void open_written(BatchRows &rows);

// Whether a batch of so many requests waits for its turn (rows/call_locks.hpp), if it brings no ids.
// Smaller ones are over before it is worth it; a snapshot that stands would only grow old meanwhile; and
// for what a transaction block has locked before others may be waiting.
bool takes_turns(const Store &store, std::size_t request_count);

// The key of a place as its row has it, which another spelling may have replaced since it was read; as
// it was given, where there is no row.
ItemKey item_key(const BatchRows &rows, int place);
WalletKey buyer_key(const BatchRows &rows, int place);

// Each key as text, by place.
template <KeyOf of> std::span<const char *> names_of(const KeyTypeOf<of> &type, const Keys<of> &keys) {
    const auto names = new_array<const char *>(keys.keys.size());
    std::ranges::transform(keys.keys, names.begin(), [&](Key<of> key) { return key_text(type, key); });
    return names;
}

} // namespace vend
