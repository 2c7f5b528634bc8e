#include "base/prelude.hpp"

#include "engine/write_off.hpp"

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/scope.hpp"
#include "base/settings.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/figure.hpp"
#include "core/kind.hpp"
#include "core/verdict.hpp"
#include "engine/explain.hpp"
#include "engine/replay.hpp"
#include "escrow/deltas.hpp"
#include "escrow/items.hpp"
#include "rows/ledger.hpp"
#include "rows/movement.hpp"
#include "rows/rows.hpp"
#include "shared/counters.hpp"
#include "table/lock_wait.hpp"

// A write-off takes units out of stock that were not sold: broken, lost, stolen.
//
// It locks and decides like a sale of the same quantity at no cost, so it never takes more than is left,
// and it waits for pending units of an item in escrow like a sale. There is no wallet: the item is
// locked first, and the id is read again under that lock.

namespace vend {
namespace {

// The state of one write-off. `item` is set once the item is locked.
struct WriteOff {
    Store &store;
    const WriteOffRequest &request;
    MemoryContext result_context;
    std::optional<LockedItem> item{};
    std::optional<MonotonicTime> wait_until{}; // for pending units of other transactions
    MovementOutcome outcome{};
};

// The steps. Their bodies follow the public functions.

bool answer_from_ledger(WriteOff &write_off);
bool lock(WriteOff &write_off);
void describe(WriteOff &write_off);
// Decides and takes the units. Returns whether they are taken.
bool claim(WriteOff &write_off);
void record_write_off(WriteOff &write_off);

} // namespace

MovementOutcome write_off(Store &store, const WriteOffRequest &request, MemoryContext result_context) {
    WriteOff write_off{store, request, result_context};
    MovementOutcome &outcome = write_off.outcome;
    if (answer_from_ledger(write_off)) return outcome;
    const bool is_known = lock(write_off);
    // Read the id again: a call with it may have committed while this one waited for the lock.
    if (answer_from_ledger(write_off)) return outcome;
    describe(write_off);
    if (!is_known) {
        outcome.verdict = Verdict::unknown_item;
        outcome.unknown = outcome.item;
        explain_movement(store, result_context, &outcome);
    } else if (claim(write_off)) {
        record_write_off(write_off);
    }
    return outcome;
}

namespace {

bool answer_from_ledger(WriteOff &write_off) {
    if (!write_off.request.id) return false;
    const auto entry = read_entry(write_off.store, *write_off.request.id);
    if (!entry) return false;
    const ItemKey item = write_off.item ? write_off.item->item.key : write_off.request.item;
    require_same_request(write_off.store, *write_off.request.id, *entry,
                         {Kind::write_off, item, {}, negated(write_off.request.qty), {}});
    describe(write_off);
    write_off.outcome.replayed = true;
    write_off.outcome.at = entry->at;
    if (const auto now = read_item(write_off.store, item))
        write_off.outcome.stock = stock_as_left(write_off.store, *now);
    return true;
}

bool lock(WriteOff &write_off) {
    LockedItem locked;
    if (lock_for_change(write_off.store, write_off.request.item, &locked) != LockResult::locked)
        return false;
    write_off.item = locked;
    return true;
}

void describe(WriteOff &write_off) {
    write_off.outcome.id = write_off.request.id;
    write_off.outcome.qty = write_off.request.qty;
    write_off.outcome.item = in_context(write_off.result_context, [&] {
        return key_text(write_off.store.binding.item_type,
                        write_off.item ? write_off.item->item.key : write_off.request.item);
    });
}

// Decides like a sale of the same quantity at no cost.
Decision decide(const WriteOff &write_off) {
    SaleTerms terms;
    terms.qty = write_off.request.qty;
    terms.amount = Money{};
    ItemState item = write_off.item->item.state;
    if (item.flaw != ItemFlaw::stock_not_exact) item.flaw = ItemFlaw::none; // the others are about sales
    return decide_item(item, terms);
}

// Takes the units from the row or, in escrow, from the counter. False when the counter has fewer now.
bool take(WriteOff &write_off) {
    const Item &item = write_off.item->item;
    const Quantity qty = write_off.request.qty;
    if (item.state.is_unlimited) return true;
    const Change<Quantity> change = by_movement(negated(qty));
    write_off.outcome.stock = Quantity{item.state.stock.value - qty.value};
    if (!write_off.item->is_in_escrow) {
        change_locked_stock(write_off.store, item, change);
        return true;
    }
    if (!take_units(write_off.store, *write_off.item, qty)) return false;
    const Delta delta{item.key, change};
    record_deltas(write_off.store, {&delta, 1});
    write_off.outcome.stock = stock_as_left(write_off.store, item);
    return true;
}

// Waits for pending units of other sales. False when the time is over.
bool wait_for_units(WriteOff &write_off) {
    if (!write_off.wait_until)
        write_off.wait_until = after_ms(monotonic_now(), settings::escrow_wait_ms());
    return wait_for_change(counter_key(write_off.store, write_off.item->item.key),
                           write_off.item->item.counter_changes, *write_off.wait_until);
}

bool claim(WriteOff &write_off) {
    for (bool is_time_over = false;;) {
        CHECK_FOR_INTERRUPTS();
        if (write_off.item->is_in_escrow) refresh_from_counter(write_off.store, &*write_off.item);
        const Decision decision = decide(write_off);
        if (decision.verdict == Verdict::accept) {
            if (take(write_off)) return true;
            continue;
        }
        if (decision.verdict == Verdict::all_pending && !is_time_over) {
            // After the wait, decide once more in any case.
            is_time_over = !wait_for_units(write_off) || monotonic_now() >= *write_off.wait_until;
            continue;
        }
        SaleTerms terms;
        terms.qty = write_off.request.qty;
        write_off.outcome.verdict = decision.verdict;
        write_off.outcome.detail = in_context(write_off.result_context, [&] {
            return explain(write_off.store, decision, terms, write_off.item->item.state, {},
                           write_off.outcome.item, nullptr);
        });
        return false;
    }
}

void record_write_off(WriteOff &write_off) {
    MovementOutcome &outcome = write_off.outcome;
    outcome.id = write_off.request.id ? *write_off.request.id : new_uuid_v7();
    outcome.at = GetCurrentTimestamp();
    Movement movement;
    movement.id = *outcome.id;
    movement.kind = Kind::write_off;
    movement.item = write_off.item->item.key;
    movement.qty = negated(write_off.request.qty);
    movement.leaves_stock = write_off.item->item.state.is_unlimited;
    movement.at = *outcome.at;
    record(write_off.store, movement);
}

} // namespace
} // namespace vend
