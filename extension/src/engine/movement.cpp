#include "base/prelude.hpp"

#include "engine/movement.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"
#include "engine/replay.hpp"
#include "store/rows.hpp"

namespace vend {
namespace {

// The one row that a movement is about; the other of the two is absent.
struct Target {
    std::optional<Item> item;
    std::optional<Wallet> wallet;
    Datum key = 0;
};

bool is_about_item(const MovementRequest &request) {
    return request.kind == Kind::restock;
}

char *text_of_key(Store &store, const MovementRequest &request, Datum key) {
    return key_text(is_about_item(request) ? store.item_type : store.buyer_type, key);
}

Target read_target(Store &store, const MovementRequest &request) {
    Target target;
    target.key = request.key;
    if (is_about_item(request)) {
        target.item = read_item(store, request.key);
        if (target.item) target.key = target.item->key;
    } else {
        target.wallet = read_wallet(store, request.key);
        if (target.wallet) target.key = target.wallet->key;
    }
    return target;
}

bool lock_target(Store &store, const MovementRequest &request, Target *target) {
    if (is_about_item(request)) {
        Item item;
        if (lock_item(store, request.key, {}, &item) != LockResult::locked) return false;
        target->item = item;
        target->key = item.key;
    } else {
        Wallet wallet;
        if (lock_wallet(store, request.key, {}, &wallet) != LockResult::locked) return false;
        target->wallet = wallet;
        target->key = wallet.key;
    }
    return true;
}

bool answer_from_ledger(Store &store, const MovementRequest &request, const Target &target,
                        MovementOutcome *outcome) {
    if (!request.id) return false;
    const auto entry = read_entry(store, *request.id);
    if (!entry) return false;
    Identity identity{request.kind, {}, {}, request.qty, request.amount};
    (is_about_item(request) ? identity.item : identity.wallet) = target.key;
    require_same_request(store, *request.id, *entry, identity);
    outcome->replayed = true;
    outcome->id = *request.id;
    outcome->at = entry->at;
    if (target.item) outcome->stock = target.item->state.stock;
    if (target.wallet) outcome->balance = target.wallet->balance;
    return true;
}

[[noreturn]] void raise_overflow(const char *what, const char *key) {
    ereport(ERROR, (errcode(errcodes::out_of_range), errmsg("%s of \"%s\" is out of range", what, key)));
    pg_unreachable();
}

void change_counter(Store &store, const MovementRequest &request, const Target &target,
                    MovementOutcome *outcome) {
    if (target.item) {
        outcome->stock = checked_add(target.item->state.stock, request.qty);
        if (!outcome->stock) raise_overflow("stock", outcome->key);
        set_locked_stock(store, *target.item, *outcome->stock);
    } else {
        outcome->balance = checked_add(target.wallet->balance, request.amount);
        if (!outcome->balance) raise_overflow("balance", outcome->key);
        outcome->balance = change_locked_balance(store, *target.wallet, request.amount);
    }
}

} // namespace

MovementOutcome move(Store &store, const MovementRequest &request, MemoryContext result_context) {
    MovementOutcome outcome;
    outcome.qty = request.qty;
    outcome.amount = request.amount;
    Target target = read_target(store, request);
    bool is_replayed = answer_from_ledger(store, request, target, &outcome);
    if (!is_replayed) {
        outcome.is_unknown = !lock_target(store, request, &target);
        // Read again: a call with the same id may have committed while we waited for the lock.
        is_replayed = answer_from_ledger(store, request, target, &outcome);
    }

    MemoryContext context = MemoryContextSwitchTo(result_context);
    outcome.key = text_of_key(store, request, target.key);
    MemoryContextSwitchTo(context);
    if (is_replayed || outcome.is_unknown) return outcome;

    change_counter(store, request, target, &outcome);
    outcome.id = request.id ? *request.id : new_uuid_v7();
    outcome.at = GetCurrentTimestamp();
    Movement movement;
    movement.id = outcome.id;
    movement.kind = request.kind;
    (is_about_item(request) ? movement.item : movement.wallet) = target.key;
    movement.qty = request.qty;
    movement.amount = request.amount;
    movement.at = outcome.at;
    record(store, movement);
    return outcome;
}

} // namespace vend
