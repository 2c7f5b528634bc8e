#include "base/prelude.hpp"

#include "setup/detach_store.hpp"

#include "binding/binding.hpp"
#include "binding/registry.hpp"
#include "setup/companion_tables.hpp"
#include "setup/ownership.hpp"
#include "setup/store_triggers.hpp"
#include "shared/counters.hpp"
#include "table/as_role.hpp"
#include "table/catalog.hpp"

namespace vend {
namespace {

// Runs a statement under a new snapshot: sales that the transaction's snapshot does not show have left
// deltas, too. Returns the number of rows.
uint64 run_on_newest(const char *sql) {
    SPIPlanPtr plan = SPI_prepare(sql, 0, nullptr);
    CommandCounterIncrement();
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    const int result = plan == nullptr ? SPI_result
                                       : SPI_execute_snapshot(plan, nullptr, nullptr, snapshot,
                                                              InvalidSnapshot, false, true, 0);
    UnregisterSnapshot(snapshot);
    if (result < 0)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("could not run \"%s\": %s", sql, SPI_result_code_string(result))));
    return SPI_processed;
}

} // namespace

void detach_store(const char *name) {
    end_binding(own_store(name));
}

void end_binding(const RegistryRow &row) {
    // This comes first: the second of two calls that detach one store waits here, and finds the row
    // gone.
    if (!delete_registry(row.name)) raise_unknown_store(row.name);
    const Oid items = relation_named(row.item);
    if (OidIsValid(items) && has_pending(items))
        ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
                        errmsg("this transaction has itself moved units of escrow items of store \"%s\"",
                               row.name),
                        errhint("Commit first.")));
    lock_bound(row, AccessExclusiveLock);
    drop_triggers(row);
    settle_unbound(row);
}

void settle_unbound(const RegistryRow &row) {
    if (!has_columns(relation_named(row.item), {row.item_key, row.stock}) ||
        !has_columns(relation_named(row.delta), {"item", "qty", "claimed"}))
        return;
    const char *key = kept_key_sql(relation_named(row.item), row.item_key);
    // The items have other keys now. To bind them again brings the deltas along.
    if (strcmp(key, column_sql(relation_named(row.delta), "item")) != 0) return;
    // The owner may have put another relation in place of the deltas, and triggers on the items.
    bool is_settled = true;
    as_role(relation_owner(relation_named(row.delta)),
            [&] { is_settled = run_on_newest(psprintf("SELECT FROM %s LIMIT 1", row.delta)) == 0; });
    if (is_settled) return;
    as_role(relation_owner(relation_named(row.item)), [&] {
        const char *stock = quote_identifier(row.stock);
        const char *set = psprintf("%s = i.%s + s.qty", stock, stock);
        if (row.claimed != nullptr && has_columns(relation_named(row.item), {row.claimed})) {
            // As changed() in core/figure.hpp does: a refund of more than is claimed adds to the stock.
            const char *claimed = quote_identifier(row.claimed);
            const char *was = psprintf("coalesce(i.%s, 0)", claimed);
            const char *is = psprintf("greatest(%s + s.claimed, least(%s, 0))", was, was);
            set = psprintf("%s + %s - %s, %s = %s", set, is, was, claimed, is);
        }
        (void)run_on_newest(psprintf(
            "WITH d AS (DELETE FROM %s RETURNING item, qty, claimed), "
            "s AS (SELECT item, pg_catalog.sum(qty) AS qty, coalesce(pg_catalog.sum(claimed), 0) AS "
            "claimed FROM d GROUP BY item) "
            "UPDATE %s AS i SET %s FROM s WHERE i.%s::%s = s.item",
            row.delta, row.item, set, quote_identifier(row.item_key), key));
    });
}

} // namespace vend
