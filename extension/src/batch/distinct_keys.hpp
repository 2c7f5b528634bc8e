#pragma once
// What the requests of a batch name, each different key and id at a place of its own, in the order in
// which rows are locked and ids are recorded. All of it lives in the current memory context.

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

// What is different, in order, and for each request its place there; -1 where it has none.
template <KeyOf of> struct Keys {
    std::span<Key<of>> keys;
    std::span<int> places;
};
using ItemKeys = Keys<KeyOf::item>;
using WalletKeys = Keys<KeyOf::wallet>;
template <KeyOf of>
Keys<of> distinct_keys(const KeyTypeOf<of> &type, std::span<const std::optional<Key<of>>> of_requests);

// Who the ledger means, of whom somebody asks for that place: if the key of then is another's, by the
// key that its row has now.
template <KeyOf of>
void look_up_party(Store &store, const Keys<of> &keys, KeyEra<of> recorded, int asked, Party *party);

struct Ids {
    std::span<Uuid> ids;
    std::span<int> places;
};
Ids distinct_ids(std::span<const std::optional<Uuid>> of_requests);

} // namespace vend
