#pragma once
// What the requests of a batch name, each different key and id at a place of its own, in the order in
// which rows are locked and ids are recorded. All of it lives in the current memory context.

#include "base/prelude.hpp"

#include "binding/key_type.hpp"
#include "binding/store.hpp"
#include "core/batch.hpp"
#include "core/uuid.hpp"
#include "rows/eras.hpp"

#include <optional>
#include <span>

namespace vend {

// What is different, in order, and for each request its place there; -1 where it has none.
struct Keys {
    std::span<Datum> keys;
    std::span<int> places;
};
Keys distinct_keys(const KeyType &type, std::span<const std::optional<Datum>> of_requests);

// Where a key stands, or -1.
int place_of(const KeyType &type, const Keys &keys, Datum key);

// Who the ledger means, of whom somebody asks for that place: if the key of then is another's, by the
// key that its row has now.
void look_up_party(Store &store, KeyOf of, const Keys &keys, const KeyEra &recorded, int asked,
                   Party *party);

struct Ids {
    std::span<Uuid> ids;
    std::span<int> places;
};
Ids distinct_ids(std::span<const std::optional<Uuid>> of_requests);

} // namespace vend
