#pragma once
// The ledger: one append-only row for each signed change, found again by its id.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/kind.hpp"
#include "core/uuid.hpp"
#include "core/verdict.hpp"

#include <optional>
#include <span>

namespace vend {

// A row as it is written. Quantities and amounts are signed as they change stock and balance.
struct Movement {
    Uuid id{};
    int32 line = 0;
    Kind kind = Kind::purchase;
    std::optional<Datum> item;
    std::optional<Datum> wallet;
    Quantity qty{};
    Money amount{};
    std::optional<Money> unit_price;
    std::optional<Money> list_price; // the item's own, of a purchase for which another was stated
    std::optional<Uuid> ref;         // of a refund: the purchase
    TimestampTz at = 0;
    std::optional<Verdict> refusal; // of a remembered refusal, with how much was wanted
    Quantity refusal_qty{};
    std::optional<int32> ref_line;             // of a refund: the line of the purchase
    std::optional<int32> item_era, wallet_era; // nothing: those of now, see eras.hpp
};

// A row as it was recorded.
struct Entry {
    const char *kind = nullptr;
    std::optional<Datum> item;
    std::optional<Datum> wallet;
    Quantity qty{};
    Money amount{};
    std::optional<Money> unit_price;
    std::optional<Uuid> ref;
    TimestampTz at = 0;
    const char *refusal = ""; // of a remembered refusal: its status
    Quantity refusal_qty{};
    int32 ref_line = 0; // of a refund
    int32 item_era = 0;
    int32 wallet_era = 0;

    [[nodiscard]] bool is(Kind wanted) const { return to_text(wanted) == kind; }
};

// The item or wallet of a purchase or refund; raises 55000 for a row that was made by hand without one.
Datum required_key(const std::optional<Datum> &key, const char *column);

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

// Of a sale, to be recorded.
Movement purchase_movement(const Uuid &id, Datum item, Datum buyer, Quantity qty,
                           const Decision &decision, TimestampTz at);

// The memory of a refusal, to be recorded now.
Movement memory_of_refusal(const Uuid &id, Datum item, Datum buyer, Quantity qty, Verdict refusal);

// Records that nothing took place under an id: the memory of a refusal, or that it is void; false when
// the id was recorded meanwhile.
bool remember(Store &store, const Movement &refusal);

// Records a whole table's adjustments by one of the journal statements, and gives their number.
uint64 journal_set(Store &store, Statement statement);

} // namespace vend
