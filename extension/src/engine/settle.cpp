#include "base/prelude.hpp"

#include "engine/settle.hpp"

#include "claim/escrow.hpp"
#include "store/subtransaction.hpp"

namespace vend {
namespace {

// The same in a subtransaction, so that one item that cannot be settled stops no other.
int64 settle_or_warn(Store &store, Datum item) {
    int64 settled = 0;
    ErrorData *error = in_subtransaction([&] { settled = settle_item(store, item, {}).value_or(0); });
    if (error == nullptr) return settled;
    // Not about this item: a cancelled query, a snapshot that is too old, a deadlock.
    const int category = ERRCODE_TO_CATEGORY(error->sqlerrcode);
    if (category == ERRCODE_OPERATOR_INTERVENTION || category == ERRCODE_TRANSACTION_ROLLBACK)
        ReThrowError(error);
    ereport(WARNING, (errcode(error->sqlerrcode),
                      errmsg("item \"%s\" of store \"%s\" could not be settled",
                             key_text(store.item_type, item), store.name),
                      errdetail("%s", error->message)));
    FreeErrorData(error);
    return 0;
}

} // namespace

std::optional<int64> settle_item(Store &store, Datum item, LockWait wait) {
    Item row;
    switch (lock_item(store, item, wait, &row)) {
    case LockResult::busy:
        return std::nullopt;
    case LockResult::absent:
        return 0; // the deltas of an item that is gone are for the audit
    case LockResult::locked:
        break;
    }
    // Only now: what was committed while this waited for the row counts too.
    const Deltas deltas = fold_deltas(store, row);
    if (deltas.count > 0) count_settled(counter_key(store, row.key), deltas.count);
    return deltas.count;
}

int64 settle_store(Store &store) {
    int64 settled = 0;
    open_deltas(store); // not in a subtransaction, which would close them
    for (const Datum item : unsettled_items(store)) settled += settle_or_warn(store, item);
    return settled;
}

} // namespace vend
