#include "base/prelude.hpp"

#include "setup/store_triggers.hpp"

#include "binding/era_table.hpp"
#include "binding/registry.hpp"
#include "setup/ddl.hpp"
#include "table/catalog.hpp"
#include "table/our_triggers.hpp"

namespace vend {
namespace {

void create_journal(const char *relation, const char *store) {
    create_trigger(relation, journal_trigger, "AFTER INSERT OR UPDATE OR DELETE", "ROW",
                   trigger_functions::journal, quote_literal_cstr(store));
    create_trigger(relation, journal_truncate_trigger, "BEFORE TRUNCATE", "STATEMENT",
                   trigger_functions::journal, quote_literal_cstr(store));
}

// These triggers fire always: the counters must follow what replication and sessions in the replica role
// write.
void create_counter_triggers(const RegistryRow &row) {
    const char *store = quote_literal_cstr(row.name);
    const char *events = "AFTER INSERT OR UPDATE OR DELETE";
    create_trigger(row.delta, delta_trigger, events, "ROW", trigger_functions::delta, store);
    create_trigger(row.delta, delta_truncate_trigger, "BEFORE TRUNCATE", "STATEMENT",
                   trigger_functions::delta, store);
    run_ddl(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", row.delta, delta_trigger));
    if (row.item == nullptr) return;
    create_trigger(row.item, counter_trigger, events, "ROW", trigger_functions::invalidate_counters,
                   store);
    run_ddl(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", row.item, counter_trigger));
}

// This trigger fires always: eras that replication brings concern all sessions, too.
void create_era_trigger(const RegistryRow &row) {
    const char *eras = eras_beside(row.ledger);
    const char *store = quote_literal_cstr(row.name);
    create_trigger(eras, era_trigger, "AFTER INSERT OR UPDATE OR DELETE", "ROW",
                   trigger_functions::key_era, store);
    create_trigger(eras, era_truncate_trigger, "BEFORE TRUNCATE", "STATEMENT",
                   trigger_functions::key_era, store);
    run_ddl(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", eras, era_trigger));
}

} // namespace

void create_triggers(const RegistryRow &row) {
    const char *store = quote_literal_cstr(row.name);
    for (const char *table : {row.item, row.wallet})
        if (table != nullptr) create_journal(table, row.name);
    create_trigger(row.ledger, append_only_trigger, "BEFORE UPDATE OR DELETE", "ROW",
                   trigger_functions::append_only, store);
    create_trigger(row.ledger, append_only_truncate_trigger, "BEFORE TRUNCATE", "STATEMENT",
                   trigger_functions::append_only, store);
    create_counter_triggers(row);
    create_era_trigger(row);
}

void drop_triggers(const RegistryRow &row) {
    Datum relations[] = {relation_named(row.item), relation_named(row.wallet),
                         relation_named(row.ledger), relation_named(row.delta),
                         relation_named(eras_beside(row.ledger))};
    for (Datum &relation : relations) relation = ObjectIdGetDatum(relation);
    const std::size_t bytes =
        strlen(row.name) + 1; // pg_trigger stores an argument with its null character
    Datum values[] = {PointerGetDatum(cstring_to_text_with_len(row.name, static_cast<int>(bytes))),
                      PointerGetDatum(construct_array(relations, std::size(relations), OIDOID,
                                                      sizeof(Oid), true, TYPALIGN_INT))};
    Oid types[] = {BYTEAOID, OIDARRAYOID};
    const int result = SPI_execute_with_args(
        psprintf("SELECT pg_catalog.format('DROP TRIGGER %%I ON %%s', t.tgname, "
                 "t.tgrelid::pg_catalog.regclass) "
                 "FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid "
                 "JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid "
                 "WHERE f.pronamespace = 'vend'::pg_catalog.regnamespace AND f.proname IN (%s) "
                 "AND t.tgparentid = 0 AND (t.tgargs = $1 OR t.tgrelid = ANY ($2)) AND "
                 "pg_catalog.pg_has_role(c.relowner, 'USAGE')",
                 literals(trigger_functions::of_stores)),
        std::size(values), types, values, nullptr, false, 0);
    if (result != SPI_OK_SELECT)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("could not find triggers: %s", SPI_result_code_string(result))));
    SPITupleTable *found = SPI_tuptable;
    for (uint64 i = 0; i < found->numvals; ++i) run_ddl(SPI_getvalue(found->vals[i], found->tupdesc, 1));
}

} // namespace vend
