#pragma once
// What this transaction has pending on counters: a list in the memory of the session. Each entry says
// what becomes of a counter when the transaction, or the savepoint that the entry is of, commits or
// aborts.
//
// An entry pins its counter, so that the counter cannot be removed before the entry ends. PostgreSQL
// calls back after a transaction has become visible to others, or after its abort, and before it
// releases its locks; a savepoint that is rolled back ends its entries at once, and one that is released
// leaves them to its parent. In these callbacks nothing may be allocated or raised. So whoever adds an
// entry first calls prepare_pending(), which may fail, then changes the counter, then calls
// add_pending(), which cannot.
//
// PendingSums adds the entries up by counter: a sale that follows many others in one transaction still
// finds its own units in one look. docs/escrow.md has the algorithm, shared/counter.hpp the locks.

#include "base/prelude.hpp"

#include "core/pending_sums.hpp"
#include "shared/counter.hpp"
#include "shared/counter_key.hpp"

#include <algorithm>
#include <span>

namespace vend {

struct Pending {
    enum class Kind {
        taken,   // units that a sale has taken
        added,   // units that come in at commit
        settled, // deltas that were folded into the row
        waiting, // the session waits for a change of the counter
        loading,
        closed,   // other transactions wait until this one ends before they sell the item
        outdated, // this session has seen the tables in another state
    };
    Kind kind{};
    SubTransactionId owner = InvalidSubTransactionId;
    Counter *counter = nullptr;      // pinned; null: closed
    const CounterKey *key = nullptr; // of closed
    int64 qty = 0;                   // of taken and added
    int64 deltas = 0;                // of settled
};

// Makes room for so many more entries. May raise.
void prepare_pending(int number = 1);

// Never raises, after prepare_pending(). The caller has pinned the counter.
void add_pending(const Pending &entry);

// Ends the newest entry of this kind on the counter as an abort would, whatever becomes of the
// transaction.
void drop_pending(Pending::Kind kind, const Counter *counter);

// All entries, the newest last.
std::span<const Pending> pending_entries();

// Whether the entry is about units, which the end of the transaction decides on.
inline bool moves_units(const Pending &entry) {
    return entry.kind == Pending::Kind::taken || entry.kind == Pending::Kind::added;
}

// The units of this transaction that are pending on the counter.
struct PendingUnits {
    int64 taken = 0;
    int64 added = 0;
};
PendingUnits pending_units(const Counter *counter);

// Entries that move units, summed up by counter.
const PendingSums &pending_sums();

// A counter of the item, in whatever state of its tables, on which this transaction has units pending
// and for which is_wanted(counter) is true; else null.
template <typename Predicate>
const Counter *find_pending_counter(const CounterKey &key, Predicate is_wanted) {
    const Counter *found = nullptr;
    (void)pending_sums().any_of(item_hash(key), [&](const PendingSum &sum) {
        const auto *counter = static_cast<const Counter *>(sum.thing);
        if (is_same_item(counter->key, key) && is_wanted(counter)) found = counter;
        return found != nullptr;
    });
    return found;
}

// Whether this transaction has closed any item, and whether it has closed that of the key.
bool has_closed_any();
bool has_closed(const CounterKey &key);

} // namespace vend
