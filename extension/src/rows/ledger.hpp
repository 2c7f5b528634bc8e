#pragma once
// The ledger: one append-only row for each signed change, found again by its id.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/statement.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/uuid.hpp"
#include "rows/movement.hpp"

#include <optional>
#include <span>

namespace vend {

// The item or wallet of a purchase or refund; raises 55000 for a row that was made by hand without one.
ItemKey required_key(const std::optional<ItemKey> &item);
WalletKey required_key(const std::optional<WalletKey> &wallet);

// What is read may be told as done: this transaction's commit then waits for whatever the row's own
// waited for.
std::optional<Entry> read_entry(Store &store, const Uuid &id, int32 line = 0);
// The same for many ids, each at its place.
void read_entries(Store &store, std::span<const Uuid> ids, int32 line,
                  std::span<std::optional<Entry>> entries);

// What was given back of a line of a purchase so far.
struct Refunded {
    Quantity qty{};
    Money amount{};
    friend bool operator==(const Refunded &, const Refunded &) = default;
};
Refunded refunded_so_far(Store &store, const Uuid &purchase, int32 line);

// Raises 40001 when a concurrent transaction recorded the id first, 27000 when the row that came out is
// not the row that went in.
void record(Store &store, const Movement &movement);
// The same for many, in the order given: by id, since two calls that insert the same ids in opposite
// orders would deadlock.
void record_all(Store &store, std::span<const Movement> movements);

// Records that nothing took place under an id: the memory of a refusal, or that it is void; false when
// the id was recorded meanwhile.
bool remember(Store &store, const Movement &refusal);

// Records a whole table's adjustments by one of the journal statements, and gives their number.
uint64 journal_set(Store &store, Statement statement);

} // namespace vend
