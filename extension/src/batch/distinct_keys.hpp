#pragma once
// The distinct keys and ids that the requests of a batch name. Each has a place, in the order in which
// rows are locked and ids are recorded. Everything is allocated in the current memory context.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/store.hpp"
#include "core/batch.hpp"
#include "core/uuid.hpp"
#include "rows/eras.hpp"

#include <optional>
#include <span>

namespace vend {

// The distinct keys in order, and for each request the place of its key; -1 where it names none.
template <KeyOf of> struct Keys {
    std::span<Key<of>> keys;
    std::span<int> places;
};
using ItemKeys = Keys<KeyOf::item>;
using WalletKeys = Keys<KeyOf::wallet>;
template <KeyOf of>
Keys<of> distinct_keys(const KeyTypeOf<of> &type, std::span<const std::optional<Key<of>>> of_requests);

// The places of the party that the ledger means: the place of the recorded key and, where the row has
// another key now, the place of that one.
template <KeyOf of>
void look_up_party(Store &store, const Keys<of> &keys, KeyEra<of> recorded, int asked, Party *party);

struct Ids {
    std::span<Uuid> ids;
    std::span<int> places;
};
Ids distinct_ids(std::span<const std::optional<Uuid>> of_requests);

} // namespace vend
