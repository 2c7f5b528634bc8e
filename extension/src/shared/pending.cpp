#include "base/prelude.hpp"

#include "shared/pending.hpp"

#include "base/clock.hpp"
#include "core/checked.hpp"
#include "shared/counter_key.hpp"
#include "shared/shares.hpp"

#include <algorithm>

namespace vend {
namespace {

Pending *holds = nullptr;
int count = 0;
int capacity = 0;

constexpr int capacity_min = 64;

// What of it is taken or added, by counter, and what is closed, by key.
PendingSums pending;
PendingSums closed;
int closed_count = 0;

void sum_up(const Pending &hold, int64 sign) {
    if (hold.kind == Pending::Kind::closed) {
        closed.provide(item_hash(*hold.key), hold.key).moves += sign;
        closed_count += static_cast<int>(sign);
    } else if (is_pending(hold)) {
        PendingSum &sum = pending.provide(hold.counter->hash, hold.counter);
        (hold.kind == Pending::Kind::taken ? sum.taken : sum.added) += sign * hold.qty;
        sum.moves += sign;
    }
}

// For so many holds more.
void prepare_sums(PendingSums *sums, int number) {
    const std::size_t wanted = sums->places_wanted(static_cast<std::size_t>(number));
    if (wanted == 0) return;
    auto *places =
        static_cast<PendingSum *>(MemoryContextAllocHuge(TopMemoryContext, sizeof(PendingSum) * wanted));
    PendingSum *before = sums->places().data();
    sums->move_to({places, wanted});
    if (before != nullptr) pfree(before);
}

void add_unsettled(Counter *counter, int64 deltas) {
    // A delta can be settled before the sale that made it is counted here, and the other way round: the
    // count is a hint, which an empty settling puts right.
    counter->unsettled = std::max<int64>(counter->unsettled + deltas, 0);
    if (counter->unsettled == 0)
        counter->unsettled_since = {};
    else if (counter->unsettled_since == MonotonicTime{} || deltas < 0)
        counter->unsettled_since = monotonic_now();
}

// Ends what a sale or restock has done to the counter with the delta that it has appended.
void end_move(Counter *counter, Quantity delta, bool is_committed) {
    if (is_committed) {
        counter->units.commit(delta);
        add_unsettled(counter, 1);
    } else {
        counter->units.abort(delta);
    }
}

// Runs inside PostgreSQL's commit and abort, where nothing may be allocated or raised.
void end(const Pending &hold, bool is_committed) {
    sum_up(hold, -1); // there is a sum
    if (hold.kind == Pending::Kind::closed) return;
    Counter *counter = hold.counter;
    lock(counter);
    switch (hold.kind) {
    case Pending::Kind::taken:
        end_move(counter, negated(Quantity{hold.qty}), is_committed);
        break;
    case Pending::Kind::added:
        end_move(counter, Quantity{hold.qty}, is_committed);
        break;
    case Pending::Kind::settled:
        if (is_committed) {
            add_unsettled(counter, -hold.deltas);
            counter->settled_total += hold.deltas;
            counter->settle_after = {};
            counter->failures = 0;
        }
        break;
    case Pending::Kind::waiting: // is no news for those who wait
        --counter->waiting;
        unpin(counter);
        unlock(counter);
        return;
    case Pending::Kind::loading:
        if (counter->state == Counter::State::loading) counter->state = Counter::State::empty;
        break;
    case Pending::Kind::outdated:
        // All that was done in the other state is taken back.
        if (!is_committed && counter->state == Counter::State::outdated)
            counter->state = Counter::State::loaded;
        break;
    case Pending::Kind::closed:
        break;
    }
    // Pinned until its waiters have been woken.
    unlock_changed(counter);
    lock(counter);
    unpin(counter);
    unlock(counter);
}

void end_all(bool is_committed) {
    // Backwards, and off the list before it is ended: nothing is ended twice.
    while (count > 0) {
        const Pending hold = holds[--count];
        end(hold, is_committed);
    }
    pending.clear();
    closed.clear();
}

// The transaction would go on without a session, and a crash would forget what it holds.
void refuse_prepare() {
    if (any_hold(is_pending))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot PREPARE a transaction that has moved units of an escrow item"),
                        errhint("COMMIT it, or give the item a row mode with vend.set_lock_mode().")));
}

void on_transaction(XactEvent event, void * /*context*/) {
    switch (event) {
    case XACT_EVENT_COMMIT:
        end_all(true);
        break;
    case XACT_EVENT_ABORT:
        end_all(false);
        break;
    case XACT_EVENT_PRE_PREPARE:
        refuse_prepare();
        break;
    case XACT_EVENT_PREPARE:
        end_all(false); // nothing is pending
        break;
    default:
        break;
    }
}

// What a subtransaction has, its own and what its ended ones left it, is the newest part of the list: no
// other has added anything since it began.
void on_subtransaction(SubXactEvent event, SubTransactionId sub, SubTransactionId parent,
                       void * /*context*/) {
    if (event == SUBXACT_EVENT_COMMIT_SUB) {
        for (int i = count; i > 0 && holds[i - 1].owner == sub; --i) holds[i - 1].owner = parent;
    } else if (event == SUBXACT_EVENT_ABORT_SUB) {
        while (count > 0 && holds[count - 1].owner == sub) {
            const Pending hold = holds[--count];
            end(hold, false);
        }
    }
}

} // namespace

void prepare_holds(int number) {
    prepare_sums(&pending, number);
    prepare_sums(&closed, number);
    if (number <= capacity - count) return;
    const int wanted = std::max({capacity_min, capacity * 2, count + number});
    const std::size_t size = sizeof(Pending) * static_cast<std::size_t>(wanted);
    if (holds == nullptr) {
        holds = static_cast<Pending *>(MemoryContextAlloc(TopMemoryContext, size));
        RegisterXactCallback(on_transaction, nullptr);
        RegisterSubXactCallback(on_subtransaction, nullptr);
    } else {
        holds = static_cast<Pending *>(repalloc_huge(holds, size));
    }
    capacity = wanted;
}

void add_hold(const Pending &hold) {
    Assert(count < capacity);
    holds[count] = hold;
    holds[count].owner = GetCurrentSubTransactionId();
    ++count;
    sum_up(hold, 1);
}

void drop_hold(Pending::Kind kind, const Counter *counter) {
    for (int i = count - 1; i >= 0; --i) {
        if (holds[i].kind != kind || holds[i].counter != counter) continue;
        const Pending hold = holds[i];
        std::copy(holds + i + 1, holds + count, holds + i);
        --count;
        end(hold, false);
        return;
    }
}

const PendingSums &pending_sums() {
    return pending;
}

PendingUnits pending_units(const Counter *counter) {
    const PendingSum *sum = pending.find(counter->hash, counter);
    return sum == nullptr ? PendingUnits{} : PendingUnits{sum->taken, sum->added};
}

bool has_closed_any() {
    return closed_count > 0;
}

bool has_closed(const CounterKey &key) {
    return closed_count > 0 && closed.any_of(item_hash(key), [&](const PendingSum &sum) {
        return is_same_item(*static_cast<const CounterKey *>(sum.thing), key);
    });
}

const Pending *first_hold() {
    return holds;
}

const Pending *end_of_holds() {
    return holds + count;
}

} // namespace vend
