#include "base/prelude.hpp"

#include "batch/batch_rows.hpp"

#include "base/clock.hpp"
#include "base/new_array.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/figure.hpp"
#include "core/lock_mode.hpp"
#include "escrow/deltas.hpp"
#include "shared/counters.hpp"
#include "table/lock_wait.hpp"

#include <algorithm>

namespace vend {
namespace {

template <typename Row, KeyOf of, typename Read>
std::span<std::optional<Row>> read_places(const KeyTypeOf<of> &type,
                                          std::span<std::optional<Key<of>>> given, Keys<of> *keys,
                                          Read read) {
    for (;;) {
        *keys = distinct_keys<of>(type, given);
        const auto rows = new_array<std::optional<Row>>(keys->keys.size());
        read(keys->keys, rows);
        bool is_as_stored = true;
        for (std::size_t i = 0; i < given.size(); ++i) {
            if (!given[i]) continue;
            const auto &row = rows[static_cast<std::size_t>(keys->places[i])];
            if (!row || same_key(type, row->key, *given[i])) continue;
            given[i] = row->key;
            is_as_stored = false;
        }
        if (is_as_stored) return rows;
    }
}

Quantity sold_of(const BatchRows &rows, std::size_t place) {
    return Quantity{rows.item_rows[place]->state.stock.value - rows.item_states[place]->stock.value};
}

// No change where there is no such wallet.
Change<Money> balance_change(const BatchRows &rows, std::size_t place) {
    if (!rows.wallets[place]) return {};
    const Money change{rows.wallet_states[place].balance.value - rows.wallets[place]->balance.value};
    return rows.are_sales ? by_sale(change) : by_movement(change);
}

bool is_in_escrow(const BatchRows &rows, std::size_t place) {
    return rows.locked[place] && rows.locked[place]->is_in_escrow;
}

void see_items(BatchRows &rows) {
    for (std::size_t i = 0; i < rows.locked.size(); ++i) {
        if (!rows.locked[i]) continue;
        if (rows.locked[i]->is_in_escrow) refresh_from_counter(rows.store, &*rows.locked[i]);
        rows.item_rows[i] = rows.locked[i]->item;
    }
}

WalletState wallet_state(const BatchRows &rows, std::size_t place) {
    if (!rows.counts_money || !rows.store.binding.has_wallets()) return {};
    const auto &wallet = rows.wallets[place];
    if (!wallet) return {WalletState::Kind::unknown};
    return {WalletState::Kind::locked, wallet->balance, wallet->is_exact, wallet->currency};
}

void write_items(BatchRows &rows) {
    const auto changes = new_array<StockChange>(rows.locked.size());
    const auto deltas = new_array<Delta>(rows.locked.size());
    std::size_t change_count = 0;
    std::size_t delta_count = 0;
    for (std::size_t i = 0; i < rows.locked.size(); ++i) {
        if (!rows.locked[i] || sold_of(rows, i) == Quantity{}) continue;
        if (rows.locked[i]->is_in_escrow)
            deltas[delta_count++] = {rows.locked[i]->item.key, by_sale(negated(sold_of(rows, i)))};
        else
            changes[change_count++] = {&rows.locked[i]->item, by_sale(negated(sold_of(rows, i)))};
    }
    if (change_count > 0) change_locked_stocks(rows.store, changes.first(change_count));
    if (delta_count > 0) record_deltas(rows.store, deltas.first(delta_count));
}

bool is_late(const BatchRows &rows, std::size_t place) {
    return !rows.late_wallets.empty() && rows.late_wallets[place];
}

enum class Written { all, late };

void write_wallets(BatchRows &rows, Written which) {
    if (!rows.store.binding.has_wallets()) return;
    const auto changes = new_array<BalanceChange>(rows.wallets.size());
    std::size_t count = 0;
    for (std::size_t i = 0; i < rows.wallets.size(); ++i) {
        if (which == Written::late && !is_late(rows, i)) continue;
        if (const Change<Money> change = balance_change(rows, i); change != Change<Money>{})
            changes[count++] = {&*rows.wallets[i], change};
    }
    if (count > 0) change_locked_balances(rows.store, changes.first(count));
}

bool write_wallets_as_read(BatchRows &rows) {
    const auto changes = new_array<WalletChange>(rows.wallets.size());
    std::size_t count = 0;
    for (std::size_t i = 0; i < rows.wallets.size(); ++i)
        if (rows.wallets[i])
            changes[count++] = {&*rows.wallets[i],
                                is_late(rows, i) ? Change<Money>{} : balance_change(rows, i)};
    return change_balances_as_read(rows.store, changes.first(count));
}

// Takes units of an item in escrow. `item` then shows the stock before that.
bool take_from_escrow(BatchRows &rows, Item *item, Quantity qty) {
    LockedItem locked;
    if (lock_as_read_for_change(rows.store, *item, &locked) != LockResult::locked ||
        !locked.is_in_escrow)
        return false;
    refresh_from_counter(rows.store, &locked);
    *item = locked.item;
    return item->state.stock >= qty && take_units(rows.store, locked, qty);
}

bool enter_as_read(BatchRows &rows, Item *item) {
    LockedItem locked;
    if (lock_as_read_for_change(rows.store, *item, &locked) != LockResult::locked) return false;
    *item = locked.item;
    return item->state.is_unlimited;
}

// Locks items in the order of their keys, whatever their lock modes.
bool write_items_as_read(BatchRows &rows) {
    const auto takes = new_array<StockTake>(rows.item_rows.size());
    const auto deltas = new_array<Delta>(rows.item_rows.size());
    std::size_t take_count = 0;
    std::size_t delta_count = 0;
    for (std::size_t i = 0; i < rows.item_rows.size(); ++i) {
        auto &item = rows.item_rows[i];
        if (!item) continue;
        const Quantity sold = sold_of(rows, i);
        if (item->state.lock_mode != LockMode::escrow && !item->state.is_unlimited) {
            takes[take_count++] = {&*item, sold};
            continue;
        }
        if (!take_as_read(rows.store, takes.first(take_count))) return false;
        take_count = 0;
        if (item->state.is_unlimited) {
            if (!enter_as_read(rows, &*item)) return false;
            continue;
        }
        if (!take_from_escrow(rows, &*item, sold)) return false;
        deltas[delta_count++] = {item->key, by_sale(negated(sold))};
    }
    if (!take_as_read(rows.store, takes.first(take_count))) return false;
    if (delta_count > 0) record_deltas(rows.store, deltas.first(delta_count));
    return true;
}

} // namespace

void read_item_rows(BatchRows &rows, std::span<std::optional<ItemKey>> given) {
    rows.item_rows =
        read_places<Item>(rows.store.binding.item_type, given, &rows.items,
                          [&](std::span<const ItemKey> keys, std::span<std::optional<Item>> read) {
                              read_items(rows.store, keys, read);
                          });
    for (auto &item : rows.item_rows)
        if (item) apply_counter(rows.store, &*item);
    rows.item_states = new_array<std::optional<ItemState>>(rows.item_rows.size());
}

void read_wallet_rows(BatchRows &rows, std::span<std::optional<WalletKey>> given) {
    rows.wallets =
        read_places<Wallet>(rows.store.binding.buyer_type, given, &rows.buyers,
                            [&](std::span<const WalletKey> keys, std::span<std::optional<Wallet>> read) {
                                if (rows.store.binding.has_wallets())
                                    read_wallets(rows.store, keys, read);
                            });
    rows.wallet_states = new_array<WalletState>(rows.wallets.size());
}

void lock_rows(BatchRows &rows) {
    if (rows.store.binding.has_wallets()) lock_wallets(rows.store, rows.wallets);
    rows.locked = new_array<std::optional<LockedItem>>(rows.item_rows.size());
    for (std::size_t i = 0; i < rows.item_rows.size(); ++i) {
        if (!rows.item_rows[i]) continue;
        LockedItem locked;
        if (lock_as_read_for_change(rows.store, *rows.item_rows[i], &locked) == LockResult::locked)
            rows.locked[i] = locked;
        else
            rows.item_rows[i].reset();
    }
    rows.counts_money = true;
}

void set_states(BatchRows &rows) {
    see_items(rows);
    for (std::size_t i = 0; i < rows.item_rows.size(); ++i)
        rows.item_states[i] = rows.item_rows[i] ? std::optional(rows.item_rows[i]->state) : std::nullopt;
    for (std::size_t i = 0; i < rows.wallet_states.size(); ++i)
        rows.wallet_states[i] = wallet_state(rows, i);
}

bool take_from_counters(BatchRows &rows) {
    for (std::size_t i = 0; i < rows.locked.size(); ++i) {
        if (!is_in_escrow(rows, i) || sold_of(rows, i) == Quantity{}) continue;
        if (take_units(rows.store, *rows.locked[i], sold_of(rows, i))) continue;
        while (i-- > 0)
            if (is_in_escrow(rows, i) && sold_of(rows, i) != Quantity{})
                give_back_units(rows.store, *rows.locked[i]);
        return false;
    }
    return true;
}

bool wait_for_item(const BatchRows &rows, int item, MonotonicTime until) {
    const auto &row = rows.item_rows[static_cast<std::size_t>(item)];
    return wait_for_change(counter_key(rows.store, row->key), row->counter_changes, until);
}

void write_rows(BatchRows &rows) {
    write_items(rows);
    write_wallets(rows, Written::all);
}

void write_late_wallets(BatchRows &rows) {
    write_wallets(rows, Written::late);
}

bool may_write_as_read(const Store &store) {
    // The subtransaction gets an xid of its own, and a snapshot has room for a few dozen of them. Rows
    // that a transaction block has locked before stay locked in any case.
    return store.binding.is_written_directly() && !store.binding.has_unique_ledger_rows &&
           !TransactionIdIsValid(GetTopTransactionIdIfAny());
}

bool takes_turns(const Store &store, std::size_t request_count) {
    constexpr std::size_t requests_min = 200;
    return request_count >= requests_min && may_write_as_read(store) && !IsTransactionBlock() &&
           !IsolationUsesXactSnapshot();
}

ItemKey item_key(const BatchRows &rows, int place) {
    const auto &row = rows.item_rows[static_cast<std::size_t>(place)];
    return row ? row->key : rows.items.keys[static_cast<std::size_t>(place)];
}

WalletKey buyer_key(const BatchRows &rows, int place) {
    const auto &row = rows.wallets[static_cast<std::size_t>(place)];
    return row ? row->key : rows.buyers.keys[static_cast<std::size_t>(place)];
}

void open_written(BatchRows &rows) {
    const bool is_any_in_escrow = std::ranges::any_of(rows.item_rows, [](const auto &item) {
        return item && item->state.lock_mode == LockMode::escrow;
    });
    if (is_any_in_escrow) open_deltas(rows.store);
}

bool write_rows_as_read(BatchRows &rows) {
    return write_wallets_as_read(rows) && write_items_as_read(rows);
}

} // namespace vend
