#include "base/prelude.hpp"

#include "engine/movement.hpp"

#include "base/ids.hpp"
#include "binding/key_type.hpp"
#include "core/checked.hpp"
#include "core/kind.hpp"
#include "engine/explain.hpp"
#include "engine/replay.hpp"
#include "escrow/items.hpp"
#include "rows/ledger.hpp"
#include "rows/movement.hpp"
#include "rows/rows.hpp"
#include "table/lock_wait.hpp"

namespace vend {
namespace {

// The one row that the movement is about; the other of the two is absent.
struct Target {
    std::optional<LockedItem> item; // held once it is locked
    std::optional<Wallet> wallet;
    Datum key = 0;
};

bool is_about_item(const FigureRequest &request) {
    return request.kind == Kind::restock;
}

// What the movement adds to its counter.
Money signed_amount(const FigureRequest &request) {
    return request.kind == Kind::withdrawal ? negated(request.amount) : request.amount;
}

Target read_target(Store &store, const FigureRequest &request) {
    Target target;
    target.key = request.key;
    if (is_about_item(request)) {
        if (const auto item = read_item(store, request.key)) {
            target.item = LockedItem{*item, false};
            target.key = item->key;
        }
    } else {
        target.wallet = read_wallet(store, request.key);
        if (target.wallet) target.key = target.wallet->key;
    }
    return target;
}

bool lock_target(Store &store, const FigureRequest &request, Target *target) {
    if (is_about_item(request)) {
        LockedItem item;
        if (lock_for_change(store, request.key, &item) != LockResult::locked) return false;
        target->item = item;
        target->key = item.item.key;
    } else {
        Wallet wallet;
        if (lock_wallet(store, request.key, {}, &wallet) != LockResult::locked) return false;
        target->wallet = wallet;
        target->key = wallet.key;
    }
    return true;
}

bool answer_from_ledger(Store &store, const FigureRequest &request, const Target &target,
                        MovementOutcome *outcome) {
    if (!request.id) return false;
    const auto entry = read_entry(store, *request.id);
    if (!entry) return false;
    AskedMovement asked{request.kind, {}, {}, request.qty, signed_amount(request)};
    (is_about_item(request) ? asked.item : asked.wallet) = target.key;
    require_same_request(store, *request.id, *entry, asked);
    outcome->replayed = true;
    outcome->at = entry->at;
    if (target.item) outcome->stock = stock_as_left(store, target.item->item);
    if (target.wallet) outcome->balance = target.wallet->balance;
    return true;
}

// Writes the counter, or refuses.
bool write_counter(Store &store, const FigureRequest &request, const Target &target,
                   MovementOutcome *outcome) {
    if (target.item) {
        outcome->stock = add_units(store, *target.item, request.qty);
        if (!outcome->stock) raise_overflow(store, "stock", outcome->item);
        return true;
    }
    outcome->balance = target.wallet->balance;
    if (request.kind == Kind::withdrawal && target.wallet->balance < request.amount) {
        outcome->verdict = Verdict::insufficient_funds;
        return false;
    }
    outcome->balance =
        checked_add(store.balance.figures, target.wallet->balance, signed_amount(request));
    if (!outcome->balance) raise_overflow(store, "balance", outcome->wallet);
    outcome->balance = change_locked_balance(store, *target.wallet, signed_amount(request));
    return true;
}

void record_movement(Store &store, const FigureRequest &request, const Target &target,
                     MovementOutcome *outcome) {
    outcome->id = request.id ? *request.id : new_uuid_v7();
    outcome->at = GetCurrentTimestamp();
    Movement movement;
    movement.id = *outcome->id;
    movement.kind = request.kind;
    (is_about_item(request) ? movement.item : movement.wallet) = target.key;
    movement.qty = request.qty;
    movement.amount = signed_amount(request);
    movement.at = *outcome->at;
    record(store, movement);
}

void describe(Store &store, const FigureRequest &request, const Target &target,
              MovementOutcome *outcome) {
    outcome->id = request.id;
    if (is_about_item(request)) {
        outcome->item = key_text(store.item_type, target.key);
        outcome->qty = request.qty;
    } else {
        outcome->wallet = key_text(store.buyer_type, target.key);
        outcome->amount = request.amount;
    }
}

} // namespace

MovementOutcome change_figure(Store &store, const FigureRequest &request, MemoryContext result_context) {
    MovementOutcome outcome;
    Target target = read_target(store, request);
    bool is_replayed = answer_from_ledger(store, request, target, &outcome);
    bool is_known = true;
    if (!is_replayed) {
        is_known = lock_target(store, request, &target);
        // Read again: a call with the same id may have committed while this one waited for the lock.
        is_replayed = answer_from_ledger(store, request, target, &outcome);
    }
    MemoryContext context = MemoryContextSwitchTo(result_context);
    describe(store, request, target, &outcome);
    MemoryContextSwitchTo(context);
    if (is_replayed) return outcome;
    if (!is_known) {
        outcome.verdict = is_about_item(request) ? Verdict::unknown_item : Verdict::unknown_buyer;
        outcome.unknown = is_about_item(request) ? outcome.item : outcome.wallet;
    } else if (write_counter(store, request, target, &outcome))
        record_movement(store, request, target, &outcome);
    explain_movement(store, result_context, &outcome);
    return outcome;
}

} // namespace vend
