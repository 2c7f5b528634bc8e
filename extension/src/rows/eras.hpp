#pragma once
// Tells which row a key in the ledger means.
//
// A row can give up its key, by an UPDATE of the key or a DELETE, and another row can get the key later.
// The ledger still has the key. The time in which a key belongs to one row is an *era* of the key. The
// eras of each key are counted from 0. Ledger rows have the era of their keys (item_era and wallet_era;
// null means 0), so a refund finds the row that was sold or that paid. Times are not compared, because
// clocks can go back.
//
// The table key_era has a row for each era that has ended: it names the key and the era that the era's
// row has now, or nulls where the row is gone. It also has a row for each era above 0 that goes on,
// which names itself. A key that never had a second row needs no entry.
//
// The triggers on items and wallets maintain the table. Most stores have no key with two eras, and each
// session remembers that. A session that begins the first era above 0 invalidates the store in all
// sessions before it commits, and a sale accepts invalidations before it records. So what must stay true
// is: whoever records a sale of a key has seen each era of the key that was committed before.
//
// docs/words.md defines the word; docs/sql-reference.md has the columns in "Tables of a store".

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

// Called by the triggers when a row gets a key, loses its key, or changes its key.
void begin_era(Store &store, KeyRef key);
void end_era(Store &store, KeyRef key);
void move_era(Store &store, KeyRef from, KeyRef to);

// Ends the eras of all keys, before a TRUNCATE.
void end_all_eras(Store &store, KeyOf of);
// Ends the eras of rows that do not exist any more, after a time without triggers.
void end_lost_eras(Store &store, KeyOf of);

// The current key and era of the row that the ledger means. Nothing where the row is gone, or where its
// last key belongs to another row now. The answer stays true as long as the row is locked.
template <KeyOf of> std::optional<KeyEra<of>> row_of_era(Store &store, KeyEra<of> recorded);

template <KeyOf of>
bool is_same_row(const KeyTypeOf<of> &type, const KeyEra<of> &a, const KeyEra<of> &b) {
    return a.era == b.era && same_key(type, a.key, b.key);
}

// The movements, with the eras of their keys where these are not set.
std::span<const Movement> with_eras(Store &store, std::span<const Movement> movements);

} // namespace vend
