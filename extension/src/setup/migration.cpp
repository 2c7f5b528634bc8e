#include "base/prelude.hpp"

#include "setup/migration.hpp"

#include "base/compat.hpp"
#include "binding/registry.hpp"
#include "binding/store.hpp"
#include "rows/call.hpp"
#include "setup/ddl.hpp"
#include "setup/draft.hpp"
#include "table/as_role.hpp"
#include "table/catalog.hpp"
#include "table/our_triggers.hpp"
#include "table/table.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace vend {
namespace {

// What has changed since the transaction is watched. The callbacks that fill it in must not allocate.
struct Watch {
    bool is_on = false;
    bool has_renamed_schema = false;
    // More relations changed than there is room for, or it is not known which.
    bool has_all_changed = false;
    std::size_t count = 0;
    std::array<Oid, 64> relations{};
};
Watch watch;

void on_some_relation_changed(Datum /*unused*/, Oid relation) {
    if (!watch.is_on || watch.has_all_changed) return;
    const std::span<const Oid> known(watch.relations.data(), watch.count);
    if (std::ranges::find(known, relation) != known.end()) return;
    if (!OidIsValid(relation) || watch.count == watch.relations.size())
        watch.has_all_changed = true;
    else
        watch.relations[watch.count++] = relation;
}

void on_some_schema_changed(Datum /*unused*/, int /*cache*/, uint32 /*hash*/) {
    watch.has_renamed_schema = true;
}

void on_transaction(XactEvent event, void *context);

void register_callbacks() {
    static bool is_registered = false;
    if (is_registered) return;
    CacheRegisterRelcacheCallback(on_some_relation_changed, 0);
    CacheRegisterSyscacheCallback(NAMESPACEOID, on_some_schema_changed, 0);
    RegisterXactCallback(on_transaction, nullptr);
    is_registered = true;
}

// The changes of other sessions are theirs to answer for. What a statement changes, it has locked.
bool is_changed_here(Oid relation) {
    LOCKTAG tag;
    SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation);
    for (const LOCKMODE mode : {ShareUpdateExclusiveLock, ShareRowExclusiveLock, AccessExclusiveLock})
        if (compat::is_locked_here(tag, mode)) return true;
    return false;
}

// Calls visit(tuple, descriptor) for the rows of a catalog that had this oid in this column before the
// transaction. The snapshot must be pushed.
template <typename Visit>
void scan_former(Oid catalog_id, Oid index, AttrNumber column, Oid value, Visit visit) {
    Relation catalog = table_open(catalog_id, AccessShareLock);
    ScanKeyData condition;
    ScanKeyInit(&condition, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(value));
    SysScanDesc scan = systable_beginscan(catalog, index, true, GetActiveSnapshot(), 1, &condition);
    while (HeapTuple tuple = systable_getnext(scan)) visit(tuple, RelationGetDescr(catalog));
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
}

bool is_function_of_stores(Oid function) {
    return get_func_namespace(function) == get_namespace_oid("vend", false) &&
           std::ranges::find(trigger_functions::of_stores, std::string_view(get_func_name(function))) !=
               std::end(trigger_functions::of_stores);
}

void add_name(List **names, const char *name) {
    *names = list_append_unique(*names, makeString(pstrdup(name)));
}

// The store of a table: the argument of our triggers names it. The snapshot still shows triggers and
// tables that the transaction has dropped.
void add_store_of_table(Oid relation, List **names) {
    scan_former(TriggerRelationId, TriggerRelidNameIndexId, Anum_pg_trigger_tgrelid, relation,
                [&](HeapTuple tuple, TupleDesc descriptor) {
                    const auto *trigger = reinterpret_cast<Form_pg_trigger>(GETSTRUCT(tuple));
                    if (OidIsValid(trigger->tgparentid) || trigger->tgnargs != 1 ||
                        !is_function_of_stores(trigger->tgfoid))
                        return;
                    bool is_null = false;
                    const Datum arguments =
                        heap_getattr(tuple, Anum_pg_trigger_tgargs, descriptor, &is_null);
                    add_name(names, VARDATA_ANY(DatumGetByteaPP(arguments)));
                });
}

// The store of a view of rights, which has no triggers: it stands in the schema of the store's name.
void add_store_of_view(Oid relation, List **names) {
    scan_former(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, relation,
                [&](HeapTuple tuple, TupleDesc /*descriptor*/) {
                    const auto *view = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
                    const char *schema = get_namespace_name(view->relnamespace);
                    if (view->relkind == RELKIND_VIEW && schema != nullptr &&
                        strcmp(NameStr(view->relname), "role") == 0)
                        add_name(names, schema);
                });
}

// Whether one of the tables is missing or, where it is not known which relations have changed, is
// changed here. A store whose tables this transaction leaves alone may be broken: its owner answers for
// that.
bool may_be_changed(const RegistryRow &row, bool has_all_changed) {
    return std::ranges::any_of(registry_relations, [&](char *RegistryRow::*relation) {
        if (row.*relation == nullptr) return false;
        const Oid id = relation_named(row.*relation);
        return !OidIsValid(id) || (has_all_changed && is_changed_here(id));
    });
}

// The names of the stores that the changes may concern.
List *changed_stores(const Watch &changes) {
    List *names = NIL;
    for (std::size_t i = 0; i < changes.count; ++i) {
        if (!is_changed_here(changes.relations[i])) continue;
        add_store_of_table(changes.relations[i], &names);
        add_store_of_view(changes.relations[i], &names);
    }
    if (!changes.has_all_changed && !changes.has_renamed_schema) return names;
    ListCell *cell = nullptr;
    foreach (cell, registered_stores()) {
        const auto *row = static_cast<const RegistryRow *>(lfirst(cell));
        if (may_be_changed(*row, changes.has_all_changed)) add_name(&names, row->name);
    }
    return names;
}

// The only argument of a trigger as pg_trigger has it: with its null character.
Datum trigger_argument(const char *name) {
    return PointerGetDatum(cstring_to_text_with_len(name, static_cast<int>(strlen(name)) + 1));
}

// Whether the store was complete before the transaction: all of its triggers were there, enabled or not,
// and its keys had their indexes. The snapshot must be pushed.
bool was_complete(const char *name) {
    Datum values[] = {CStringGetTextDatum(name), trigger_argument(name)};
    Oid types[] = {TEXTOID, BYTEAOID};
    SPIPlanPtr plan = SPI_prepare(
        psprintf("SELECT FROM vend.store s WHERE s.name OPERATOR(pg_catalog.=) $1 "
                 "AND (SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger t "
                 "JOIN pg_catalog.pg_proc f ON f.oid OPERATOR(pg_catalog.=) t.tgfoid "
                 "WHERE t.tgargs OPERATOR(pg_catalog.=) $2 AND t.tgparentid OPERATOR(pg_catalog.=) 0 "
                 "AND f.pronamespace OPERATOR(pg_catalog.=) 'vend'::pg_catalog.regnamespace "
                 "AND f.proname OPERATOR(pg_catalog.=) ANY (ARRAY[%s]::pg_catalog.name[])) "
                 "OPERATOR(pg_catalog.>=) (6 OPERATOR(pg_catalog.+) "
                 "CASE WHEN s.item IS NULL THEN 0 ELSE 3 END OPERATOR(pg_catalog.+) "
                 "CASE WHEN s.wallet IS NULL THEN 0 ELSE 2 END) "
                 "AND NOT EXISTS (SELECT FROM (VALUES (s.item, s.item_key), (s.wallet, s.wallet_key), "
                 "(s.ledger, 'id')) k (relation, attribute) "
                 "WHERE k.relation IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c "
                 "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace "
                 "JOIN pg_catalog.pg_index i ON i.indrelid OPERATOR(pg_catalog.=) c.oid "
                 "JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid "
                 "AND a.attnum OPERATOR(pg_catalog.=) i.indkey[0] "
                 "WHERE ARRAY[n.nspname, c.relname]::pg_catalog.text[] OPERATOR(pg_catalog.=) "
                 "pg_catalog.parse_ident(k.relation) "
                 "AND a.attname::pg_catalog.text OPERATOR(pg_catalog.=) k.attribute "
                 "AND i.indisunique AND i.indisvalid))",
                 literals(trigger_functions::of_stores)),
        std::size(types), types);
    const int result = plan == nullptr ? SPI_result
                                       : SPI_execute_snapshot(plan, values, nullptr, GetActiveSnapshot(),
                                                              InvalidSnapshot, true, false, 1);
    if (result != SPI_OK_SELECT)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("could not look a store up: %s", SPI_result_code_string(result))));
    return SPI_processed == 1;
}

// Whether the store was dropped as a whole: no table is left under its names, and none that has been
// renamed still carries its triggers.
bool is_dropped(const RegistryRow &row) {
    if (std::ranges::any_of(registry_relations, [&](char *RegistryRow::*relation) {
            return row.*relation != nullptr && OidIsValid(relation_named(row.*relation));
        }))
        return false;
    Datum name = trigger_argument(row.name);
    Oid type = BYTEAOID;
    if (SPI_execute_with_args("SELECT FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc f "
                              "ON f.oid OPERATOR(pg_catalog.=) t.tgfoid "
                              "WHERE f.pronamespace OPERATOR(pg_catalog.=) "
                              "'vend'::pg_catalog.regnamespace AND t.tgargs OPERATOR(pg_catalog.=) $1",
                              1, &type, &name, nullptr, false, 1) != SPI_OK_SELECT)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("could not find triggers: %s", SPI_result_code_string(SPI_result))));
    return SPI_processed == 0;
}

// Keeps of the names those of stores that were complete.
List *complete_stores(List *names) {
    List *complete = NIL;
    if (names == NIL) return NIL;
    as_role(relation_owner(registry_relation()), [&] {
        ListCell *cell = nullptr;
        foreach (cell, names)
            if (was_complete(strVal(lfirst(cell)))) complete = lappend(complete, lfirst(cell));
    });
    return complete;
}

void require_bindings(const Watch &changes) {
    List *names = NIL;
    in_snapshot(SnapshotKind::committed, [&] { names = complete_stores(changed_stores(changes)); });
    ListCell *cell = nullptr;
    foreach (cell, names) {
        RegistryRow row;
        // Without a row the store was detached.
        if (!read_registry(strVal(lfirst(cell)), &row) || is_dropped(row)) continue;
        require_relations(row, Stage::changed);
        require_bindable(row, Stage::changed);
    }
}

void on_transaction(XactEvent event, void * /*context*/) {
    switch (event) {
    case XACT_EVENT_PRE_COMMIT:
    case XACT_EVENT_PRE_PREPARE: {
        if (!watch.is_on) break;
        CommandCounterIncrement(); // tells the changes of the last statement
        const Watch changes = watch;
        watch = {};
        if ((changes.count == 0 && !changes.has_all_changed && !changes.has_renamed_schema) ||
            !OidIsValid(registry_relation()))
            break;
        in_snapshot(SnapshotKind::latest, [&] { in_call([&] { require_bindings(changes); }); });
        break;
    }
    case XACT_EVENT_ABORT:
        watch = {};
        break;
    default:
        break;
    }
}

} // namespace

void watch_migration() {
    register_callbacks();
    watch.is_on = true;
}

} // namespace vend
