#pragma once
// Which row a key of the ledger means. Keys are given up, by an UPDATE of the key or a DELETE, and given
// to another row later; the ledger keeps the key of then. The time in which a key belongs to one row is
// an era of it, and eras are counted from 0 for each key.
//
// Nothing is compared by time: clocks go back, and ids are the caller's. A key that never had two rows
// needs no mark. Where a row gets a key that another had before, its era is above 0, and whatever the
// ledger records of it says so (item_era, wallet_era; null: 0). The table key_era has a row for each era
// that has ended, with the key and era that its row has now, or none; and one for each era above 0 that
// goes on, which points at itself.
//
// The triggers on items and wallets keep it. A sale looks whether there is any key with two eras, which
// each session knows of its store: who begins the first era above 0 tells all sessions before that
// commits, and a sale listens before it records.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/store.hpp"
#include "rows/movement.hpp"

#include <optional>
#include <span>

namespace vend {

template <KeyOf of> struct KeyEra {
    Key<of> key;
    int32 era = 0;
};
template <KeyOf of> KeyEra(Key<of>, int32) -> KeyEra<of>;
using ItemEra = KeyEra<KeyOf::item>;
using WalletEra = KeyEra<KeyOf::wallet>;

// Each event of a key that the store did not write itself.
void begin_era(Store &store, KeyRef key);
void end_era(Store &store, KeyRef key);
void move_era(Store &store, KeyRef from, KeyRef to);

// All rows are about to go.
void end_all_eras(Store &store, KeyOf of);
// Rows may have gone while nobody watched.
void end_lost_eras(Store &store, KeyOf of);

// The key and era of the row that the ledger means; nothing where it has gone, or where the key that it
// had last is another row's by now. What is answered holds as long as that row is locked.
template <KeyOf of> std::optional<KeyEra<of>> row_of_era(Store &store, KeyEra<of> recorded);

template <KeyOf of>
bool is_same_row(const KeyTypeOf<of> &type, const KeyEra<of> &a, const KeyEra<of> &b) {
    return a.era == b.era && same_key(type, a.key, b.key);
}

// The movements with the eras of their keys, as far as those are not set.
std::span<const Movement> with_eras(Store &store, std::span<const Movement> movements);

} // namespace vend
