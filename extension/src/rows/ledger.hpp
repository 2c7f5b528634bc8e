#pragma once
// Reads and writes the ledger, which has one append-only row for each signed change of a figure.
//
// A row's key is its id and its line. The unique index on this key makes an id count once, whatever
// happens between two sessions: a call first looks its id up, and if it is recorded, answers from the
// ledger (a replay). If two calls record the same id at the same time, the second waits in the index for
// the first to end, and gets 40001 if it has committed.
//
// Order: a call with an id locks its rows before it inserts into the ledger. Several ids are inserted in
// their order, because two calls that insert the same ids in opposite orders would deadlock. A batch
// without ids may record first and write its rows afterwards: nobody waits for ids that are new.
//
// What must stay true: a row is recorded in the transaction that changes the figure, and by the same
// amount. The row that was stored equals the row that was sent, whatever triggers the owner has (27000
// otherwise). An answer that is read from a row is as durable as the row itself before the caller can
// rely on it.
//
// docs/architecture.md explains this under "Guarantees", G4 to G6 and G11.

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

// The item or wallet of a purchase or refund. Raises 55000 for a row without one, which was made by
// hand.
ItemKey required_key(const std::optional<ItemKey> &item);
WalletKey required_key(const std::optional<WalletKey> &wallet);

// Reads a row. The caller may be told that it is recorded, so the commit of this transaction waits for
// all that the commit of the row had to wait for.
std::optional<Entry> read_entry(Store &store, const Uuid &id, int32 line = 0);
// Reads the rows of many ids. Each entry has the place of its id.
void read_entries(Store &store, std::span<const Uuid> ids, int32 line,
                  std::span<std::optional<Entry>> entries);

// The units and the money of a line of a purchase that were given back so far.
struct Refunded {
    Quantity qty{};
    Money amount{};
    friend bool operator==(const Refunded &, const Refunded &) = default;
};
Refunded refunded_so_far(Store &store, const Uuid &purchase, int32 line);

// Records a movement. Raises 40001 when a concurrent transaction has recorded the id first, 27000 when
// the row that was stored is not the row that was sent.
void record(Store &store, const Movement &movement);
// Records many movements, in the given order. The caller sorts them by id: two calls that insert the
// same ids in opposite orders would deadlock.
void record_all(Store &store, std::span<const Movement> movements);

// Records that nothing took place under an id: a refusal to remember, or that the id is void. False when
// the id was recorded meanwhile.
bool remember(Store &store, const Movement &refusal);

// Records adjustments for a whole table with one of the journal statements, and returns their number.
uint64 journal_set(Store &store, Statement statement);

} // namespace vend
