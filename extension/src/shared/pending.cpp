#include "base/prelude.hpp"

#include "shared/pending.hpp"

#include "base/clock.hpp"
#include "core/checked.hpp"
#include "shared/counter_key.hpp"
#include "shared/shares.hpp"

#include <algorithm>

namespace vend {
namespace {

// The list. What a subtransaction has pending, its own entries and those that its own subtransactions
// left to it, is the newest part: no other has added any since it began.
Pending *entries = nullptr;
int count = 0;
int capacity = 0;
constexpr int capacity_min = 64;

// Entries that move units, by counter; and entries of closed items, by key.
PendingSums unit_sums;
PendingSums closed_sums;
int closed_count = 0;

// Room for more.
void prepare_sums(PendingSums *sums, int number);

// What PostgreSQL calls at the end of transactions and savepoints.
void on_transaction(XactEvent event, void *context);
void on_subtransaction(SubXactEvent event, SubTransactionId sub, SubTransactionId parent, void *context);
void refuse_prepare();
void end_all(bool is_committed);

// The end of one entry. These neither allocate nor raise.
void end_newest(bool is_committed);
void end(const Pending &entry, bool is_committed);
void sum_up(const Pending &entry, int64 sign);
void apply_end(const Pending &entry, bool is_committed);
void end_move(Counter *counter, Quantity delta, bool is_committed);
void add_unsettled(Counter *counter, int64 deltas);

} // namespace

void prepare_pending(int number) {
    prepare_sums(&unit_sums, number);
    prepare_sums(&closed_sums, number);
    if (number <= capacity - count) return;
    const int wanted = std::max({capacity_min, capacity * 2, count + number});
    const std::size_t size = sizeof(Pending) * static_cast<std::size_t>(wanted);
    if (entries == nullptr) {
        entries = static_cast<Pending *>(MemoryContextAlloc(TopMemoryContext, size));
        RegisterXactCallback(on_transaction, nullptr);
        RegisterSubXactCallback(on_subtransaction, nullptr);
    } else {
        entries = static_cast<Pending *>(repalloc_huge(entries, size));
    }
    capacity = wanted;
}

void add_pending(const Pending &entry) {
    Assert(count < capacity);
    entries[count] = entry;
    entries[count].owner = GetCurrentSubTransactionId();
    ++count;
    sum_up(entry, 1);
}

void drop_pending(Pending::Kind kind, const Counter *counter) {
    for (int i = count - 1; i >= 0; --i) {
        if (entries[i].kind != kind || entries[i].counter != counter) continue;
        const Pending entry = entries[i];
        std::copy(entries + i + 1, entries + count, entries + i);
        --count;
        end(entry, false);
        return;
    }
}

std::span<const Pending> pending_entries() {
    return {entries, static_cast<std::size_t>(count)};
}

PendingUnits pending_units(const Counter *counter) {
    const PendingSum *sum = unit_sums.find(counter->hash, counter);
    return sum == nullptr ? PendingUnits{} : PendingUnits{sum->taken, sum->added};
}

const PendingSums &pending_sums() {
    return unit_sums;
}

bool has_closed_any() {
    return closed_count > 0;
}

bool has_closed(const CounterKey &key) {
    return closed_count > 0 && closed_sums.any_of(item_hash(key), [&](const PendingSum &sum) {
        return is_same_item(*static_cast<const CounterKey *>(sum.thing), key);
    });
}

namespace {

void prepare_sums(PendingSums *sums, int number) {
    const std::size_t wanted = sums->places_wanted(static_cast<std::size_t>(number));
    if (wanted == 0) return;
    auto *places =
        static_cast<PendingSum *>(MemoryContextAllocHuge(TopMemoryContext, sizeof(PendingSum) * wanted));
    PendingSum *before = sums->places().data();
    sums->move_to({places, wanted});
    if (before != nullptr) pfree(before);
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
        end_all(false); // no entry moves units
        break;
    default:
        break;
    }
}

void on_subtransaction(SubXactEvent event, SubTransactionId sub, SubTransactionId parent,
                       void * /*context*/) {
    if (event == SUBXACT_EVENT_COMMIT_SUB) {
        for (int i = count; i > 0 && entries[i - 1].owner == sub; --i) entries[i - 1].owner = parent;
    } else if (event == SUBXACT_EVENT_ABORT_SUB) {
        while (count > 0 && entries[count - 1].owner == sub) end_newest(false);
    }
}

// A prepared transaction goes on without a session, and a crash would forget the units that it has
// taken.
void refuse_prepare() {
    const auto entry = std::ranges::find_if(pending_entries(), moves_units);
    if (entry == pending_entries().end()) return;
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("cannot PREPARE a transaction that has moved units of escrow item \"%s\" of store "
                    "\"%s\"",
                    entry->counter->item, entry->counter->store),
             errhint("COMMIT it, or give the item a row mode with vend.set_lock_mode().")));
}

void end_all(bool is_committed) {
    while (count > 0) end_newest(is_committed);
    unit_sums.clear();
    closed_sums.clear();
}

// Off the list before it is ended: no entry ends twice.
void end_newest(bool is_committed) {
    const Pending entry = entries[--count];
    end(entry, is_committed);
}

void end(const Pending &entry, bool is_committed) {
    sum_up(entry, -1); // its place in the sums is there since it was added
    if (entry.kind == Pending::Kind::closed) return;
    Counter *counter = entry.counter;
    lock(counter);
    if (entry.kind == Pending::Kind::waiting) { // the other sessions that wait need not hear of this
        --counter->waiting;
        unpin(counter);
        unlock(counter);
        return;
    }
    apply_end(entry, is_committed);
    // The pin stays until the sessions that wait have been woken.
    unlock_changed(counter);
    lock(counter);
    unpin(counter);
    unlock(counter);
}

void sum_up(const Pending &entry, int64 sign) {
    if (entry.kind == Pending::Kind::closed) {
        closed_sums.provide(item_hash(*entry.key), entry.key).moves += sign;
        closed_count += static_cast<int>(sign);
    } else if (moves_units(entry)) {
        PendingSum &sum = unit_sums.provide(entry.counter->hash, entry.counter);
        (entry.kind == Pending::Kind::taken ? sum.taken : sum.added) += sign * entry.qty;
        sum.moves += sign;
    }
}

// What the end means for the counter, which is locked.
void apply_end(const Pending &entry, bool is_committed) {
    Counter *counter = entry.counter;
    switch (entry.kind) {
    case Pending::Kind::taken:
        end_move(counter, negated(Quantity{entry.qty}), is_committed);
        break;
    case Pending::Kind::added:
        end_move(counter, Quantity{entry.qty}, is_committed);
        break;
    case Pending::Kind::settled:
        if (!is_committed) break;
        add_unsettled(counter, -entry.deltas);
        counter->settled_total += entry.deltas;
        counter->settle_after = {};
        counter->failures = 0;
        break;
    case Pending::Kind::loading:
        if (counter->state == Counter::State::loading) counter->state = Counter::State::empty;
        break;
    case Pending::Kind::outdated:
        // A rollback also takes back the other state of the tables.
        if (!is_committed && counter->state == Counter::State::outdated)
            counter->state = Counter::State::loaded;
        break;
    case Pending::Kind::waiting:
    case Pending::Kind::closed:
        break;
    }
}

// Each move has appended one delta.
void end_move(Counter *counter, Quantity delta, bool is_committed) {
    if (is_committed) {
        counter->units.commit(delta);
        add_unsettled(counter, 1);
    } else {
        counter->units.abort(delta);
    }
}

// The number is a hint: a delta may be settled before the sale that appended it is counted here. When
// the worker then finds nothing to settle, it sets the number right (forget_unsettled()).
void add_unsettled(Counter *counter, int64 deltas) {
    counter->unsettled = std::max<int64>(counter->unsettled + deltas, 0);
    if (counter->unsettled == 0)
        counter->unsettled_since = {};
    else if (counter->unsettled_since == MonotonicTime{} || deltas < 0)
        counter->unsettled_since = monotonic_now();
}

} // namespace
} // namespace vend
