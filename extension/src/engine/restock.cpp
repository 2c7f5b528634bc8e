#include "base/prelude.hpp"

#include "engine/restock.hpp"

#include "base/ids.hpp"
#include "base/scope.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "core/checked.hpp"
#include "core/figure.hpp"
#include "core/kind.hpp"
#include "core/verdict.hpp"
#include "engine/explain.hpp"
#include "engine/replay.hpp"
#include "escrow/items.hpp"
#include "rows/ledger.hpp"
#include "rows/movement.hpp"
#include "rows/rows.hpp"
#include "table/lock_wait.hpp"

namespace vend {
namespace {

// The item of a restock: as it was read, and later as it was locked. `key` names an unknown item, too.
struct Restocked {
    std::optional<LockedItem> item;
    ItemKey key;
};

Restocked read_item_of(Store &store, const RestockRequest &request) {
    if (const auto item = read_item(store, request.item)) return {LockedItem{*item, false}, item->key};
    return {std::nullopt, request.item};
}

bool lock_item_of(Store &store, const RestockRequest &request, Restocked *restocked) {
    LockedItem item;
    if (lock_for_change(store, request.item, &item) != LockResult::locked) return false;
    *restocked = {item, item.item.key};
    return true;
}

bool answer_from_ledger(Store &store, const RestockRequest &request, const Restocked &restocked,
                        MovementOutcome *outcome) {
    if (!request.id) return false;
    const auto entry = read_entry(store, *request.id);
    if (!entry) return false;
    require_same_request(store, *request.id, *entry,
                         {Kind::restock, restocked.key, {}, request.qty, Money{}});
    outcome->replayed = true;
    outcome->at = entry->at;
    if (restocked.item) outcome->stock = stock_as_left(store, restocked.item->item);
    return true;
}

void describe(Store &store, const RestockRequest &request, const Restocked &restocked,
              MovementOutcome *outcome) {
    outcome->id = request.id;
    outcome->item = key_text(store.binding.item_type, restocked.key);
    outcome->qty = request.qty;
}

void record_restock(Store &store, const RestockRequest &request, const Restocked &restocked,
                    MovementOutcome *outcome) {
    outcome->id = request.id ? *request.id : new_uuid_v7();
    outcome->at = GetCurrentTimestamp();
    Movement movement;
    movement.id = *outcome->id;
    movement.kind = Kind::restock;
    movement.item = restocked.key;
    movement.qty = request.qty;
    movement.leaves_stock = restocked.item->item.state.is_unlimited;
    movement.at = *outcome->at;
    record(store, movement);
}

} // namespace

MovementOutcome restock(Store &store, const RestockRequest &request, MemoryContext result_context) {
    MovementOutcome outcome;
    Restocked restocked = read_item_of(store, request);
    bool is_replayed = answer_from_ledger(store, request, restocked, &outcome);
    bool is_known = true;
    if (!is_replayed) {
        is_known = lock_item_of(store, request, &restocked);
        // Read the id again: a call with it may have committed while this one waited for the lock.
        is_replayed = answer_from_ledger(store, request, restocked, &outcome);
    }
    in_context(result_context, [&] { describe(store, request, restocked, &outcome); });
    if (is_replayed) return outcome;
    if (is_known) {
        if (!restocked.item->item.state.is_unlimited) {
            outcome.stock = add_units(store, *restocked.item, by_movement(request.qty));
            if (!outcome.stock) raise_overflow(store, "stock", outcome.item);
        }
        record_restock(store, request, restocked, &outcome);
    } else {
        outcome.verdict = Verdict::unknown_item;
        outcome.unknown = outcome.item;
    }
    explain_movement(store, result_context, &outcome);
    return outcome;
}

} // namespace vend
