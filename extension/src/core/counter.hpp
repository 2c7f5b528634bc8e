#pragma once
// The escrow algebra: what the counter of an escrow item does with its units.
//
// A counter lies in shared memory, and many sessions use it at the same time (shared/counter.hpp). Here
// are its numbers alone, without a lock and without PostgreSQL: the caller has the spinlock of the
// counter. The tables are the truth. The item's row and its committed deltas add up to the committed
// stock S; the counter lets sessions sell from S without a lock on the row. Each transaction takes or
// adds units here before it appends the delta to the tables, and ends each of them here after its own
// end has become visible to others.
//
// What must stay true while a counter is loaded, with T for the units that uncommitted sales have taken:
//   available <= S - T, and a sale takes no more than is available, so no unit is sold twice;
//   available >= 0, unless the committed stock was below zero when the counter was loaded;
//   available = S - T as soon as each transaction that committed has called commit(), so none is lost;
//   available + taken + added fits into the column of the stock, whoever commits or aborts.
// docs/escrow.md has the proof, and test/unit/counter_test.cpp walks through every history of a few
// transactions. Settling moves deltas into the row: it changes neither S nor the counter.

#include "core/checked.hpp"

namespace vend {

struct CounterUnits {
    Quantity available{}; // for sale
    Quantity taken{};     // by transactions that have not ended
    Quantity added{};     // by transactions that have not ended: not for sale yet

    // Starts from the committed stock. Nothing is pending.
    constexpr void load(Quantity stock) { available = stock; }

    // Takes units for a sale; false when fewer are available.
    [[nodiscard]] constexpr bool take(Quantity qty) {
        if (available < qty) return false;
        available.value -= qty.value;
        taken.value += qty.value;
        return true;
    }

    // Notes units that a restock or refund brings; false when the stock could get larger than stock_max.
    [[nodiscard]] constexpr bool add(Quantity qty, Quantity stock_max) {
        // Units that are taken may come back, and units that are added may come in.
        auto most = checked_add(available, taken);
        if (most) most = checked_add(*most, added);
        if (most) most = checked_add(*most, qty);
        if (!most || *most > stock_max) return false;
        added.value += qty.value;
        return true;
    }

    // The transaction that has appended the delta is committed: -qty of what it took, qty of what it
    // added.
    constexpr void commit(Quantity delta) {
        if (delta < Quantity{0}) {
            taken.value += delta.value;
        } else {
            added.value -= delta.value;
            available.value += delta.value;
        }
    }

    // The transaction or savepoint is rolled back, so nobody will ever see the delta.
    constexpr void abort(Quantity delta) {
        if (delta < Quantity{0}) {
            taken.value += delta.value;
            available.value -= delta.value;
        } else {
            added.value -= delta.value;
        }
    }

    // What other transactions have taken and may still give back.
    [[nodiscard]] constexpr Quantity pending_elsewhere(Quantity taken_here) const {
        return Quantity{taken.value - taken_here.value};
    }

    [[nodiscard]] constexpr bool is_anything_pending() const {
        return taken != Quantity{0} || added != Quantity{0};
    }
};

} // namespace vend
