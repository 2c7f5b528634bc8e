#pragma once
// What this transaction has to do with counters, and what becomes of it when the transaction or the
// savepoint ends.

#include "base/prelude.hpp"

#include "core/pending_sums.hpp"
#include "shared/counter.hpp"
#include "shared/counter_key.hpp"

#include <algorithm>

namespace vend {

struct Pending {
    enum class Kind {
        taken,   // units sold
        added,   // units that come at commit
        settled, // deltas folded into the row
        waiting, // for a change
        loading,
        closed,   // the item is this transaction's alone
        outdated, // what is pending is of a state that this transaction has altered
    };
    Kind kind{};
    SubTransactionId owner = InvalidSubTransactionId;
    Counter *counter = nullptr;      // pinned; null: closed
    const CounterKey *key = nullptr; // of closed
    int64 qty = 0;                   // of taken and added
    int64 deltas = 0;                // of settled
};

// Makes room for so many more holds. What may fail fails here.
void prepare_holds(int number);
inline void prepare_hold() {
    prepare_holds(1);
}

// Never raises, after prepare_hold(). The caller has pinned the counter.
void add_hold(const Pending &hold);

// Ends the newest hold of this kind as its (sub)transaction's abort would, whatever becomes of that.
void drop_hold(Pending::Kind kind, const Counter *counter);

// What is pending, by counter.
const PendingSums &pending_sums();

// Units of this transaction that are pending on the counter.
struct PendingUnits {
    int64 taken = 0;
    int64 added = 0;
};
PendingUnits pending_units(const Counter *counter);

// Whether is_wanted(counter) is true of one of the item, in whatever state of its tables, that this
// transaction has something pending on.
template <typename Predicate> bool any_pending(const CounterKey &key, Predicate is_wanted) {
    return pending_sums().any_of(item_hash(key), [&](const PendingSum &sum) {
        const auto *counter = static_cast<const Counter *>(sum.thing);
        return is_same_item(counter->key, key) && is_wanted(counter);
    });
}

// Whether this transaction has closed an item at all, or the one of the key.
bool has_closed_any();
bool has_closed(const CounterKey &key);

// Whether it is units that the end of the transaction decides on.
inline bool is_pending(const Pending &hold) {
    return hold.kind == Pending::Kind::taken || hold.kind == Pending::Kind::added;
}

const Pending *first_hold();
const Pending *end_of_holds();

// Whether is_wanted(hold) is true of one.
template <typename Predicate> bool any_hold(Predicate is_wanted) {
    return std::any_of(first_hold(), end_of_holds(), is_wanted);
}

} // namespace vend
