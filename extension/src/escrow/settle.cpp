#include "base/prelude.hpp"

#include "escrow/settle.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "binding/key.hpp"
#include "binding/key_type.hpp"
#include "binding/store.hpp"
#include "escrow/items.hpp"
#include "rows/rows.hpp"
#include "shared/counter_key.hpp"
#include "shared/counters.hpp"
#include "shared/settlers.hpp"
#include "shared/unsettled.hpp"
#include "table/lock_wait.hpp"
#include "table/subtransaction.hpp"

namespace vend {
namespace {

// How many deltas a caller's turn settles. They take a few milliseconds, and with a turn for each
// vend.settle_interval that is more than callers can sell.
constexpr int64 callers_deltas = 1000;

// Whether an error is about the session and not about an item: a cancelled query or a shutdown.
bool is_of_the_session(const ErrorData &error) {
    return ERRCODE_TO_CATEGORY(error.sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION;
}

void warn_unsettled(Store &store, ItemKey item, ErrorData *error) {
    ereport(WARNING, (errcode(error->sqlerrcode),
                      errmsg("item \"%s\" of store \"%s\" could not be settled",
                             key_text(store.binding.item_type, item), store.binding.name),
                      errdetail("%s", error->message)));
    FreeErrorData(error);
}

// Settles in a subtransaction, so that an item that cannot be settled does not stop the others.
int64 settle_or_warn(Store &store, ItemKey item) {
    int64 settled = 0;
    ErrorData *error = in_subtransaction([&] { settled = settle_item(store, item, {}).value_or(0); });
    if (error == nullptr) return settled;
    // These are not about the item either: a snapshot that is too old, or a deadlock.
    if (is_of_the_session(*error) ||
        ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_TRANSACTION_ROLLBACK)
        ReThrowError(error);
    warn_unsettled(store, item, error);
    return 0;
}

} // namespace

std::optional<int64> settle_item(Store &store, ItemKey item, LockWait wait, int64 deltas_min) {
    Item row;
    switch (lock_item(store, item, wait, &row)) {
    case LockResult::busy:
        return std::nullopt;
    case LockResult::absent:
        return 0; // the audit shows the deltas of an item that is gone
    case LockResult::locked:
        break;
    }
    // Only after the lock: a commit that came during the wait for the row counts, too.
    const Deltas deltas = fold_deltas(store, row, deltas_min);
    if (deltas.count > 0) count_settled(counter_key(store, row.key), deltas.count);
    return deltas.count;
}

void settle_as_caller(Store &store) {
    // Under an old snapshot, locking the row could fail.
    if (IsolationUsesXactSnapshot()) return;
    const MonotonicTime begun = monotonic_now();
    if (!begin_callers_turn()) return;
    const auto counter = longest_unsettled(store.binding.table_state);
    if (!counter || !has_key_size(store.binding.item_type, counter_bytes(counter->key))) return;
    const ItemKey item = key_from_bytes(store.binding.item_type, counter_bytes(counter->key));
    open_deltas(store); // outside of the subtransaction, whose end would close them
    std::optional<int64> settled;
    ErrorData *error =
        in_subtransaction([&] { settled = settle_item(store, item, {.nowait = true}, callers_deltas); });
    if (error != nullptr && is_of_the_session(*error)) ReThrowError(error);
    if (error != nullptr) to_log_alone([&] { warn_unsettled(store, item, error); });
    if (error != nullptr || !settled)
        postpone_settling(counter->key);
    else if (settled == 0)
        forget_unsettled(*counter);
    end_callers_turn(begun);
}

int64 settle_store(Store &store) {
    int64 settled = 0;
    open_deltas(store); // outside of a subtransaction, whose end would close them
    for (const ItemKey item : unsettled_items(store)) settled += settle_or_warn(store, item);
    return settled;
}

} // namespace vend
