#include "base/prelude.hpp"

#include "binding/store.hpp"

#include "base/error_codes.hpp"
#include "table/plain.hpp"

namespace vend {

void open_tables(Store &store) {
    // The snapshot keeps VACUUM from removing row versions that the call has read, except where
    // old_snapshot_threshold allows it.
    if (!ActiveSnapshotSet()) elog(ERROR, "a call of pg_vend needs an active snapshot");
    for (const Table *table :
         {&store.binding.item_table, &store.binding.wallet_table, &store.binding.ledger_table})
        if (OidIsValid(table->relation)) table->rel = table_open(table->relation, NoLock);
    store.binding.delta_table.rel = nullptr;
}

void open_deltas(Store &store) {
    if (store.binding.delta_table.rel != nullptr) return;
    Relation relation = table_open(store.binding.delta_table.relation, NoLock);
    if (!is_same(shape_of(relation), store.binding.delta_shape))
        ereport(ERROR,
                (errcode(errcodes::not_in_state),
                 errmsg("the tables of store \"%s\" were changed during the call", store.binding.name),
                 errhint("Do not alter the tables in a trigger or function that runs in the call.")));
    store.binding.delta_table.rel = relation;
}

void close_tables(const Store &store) {
    for (const Table *table :
         {&store.binding.item_table, &store.binding.wallet_table, &store.binding.ledger_table})
        if (OidIsValid(table->relation)) table_close(table->rel, NoLock);
    if (store.binding.delta_table.rel != nullptr) table_close(store.binding.delta_table.rel, NoLock);
}

} // namespace vend
