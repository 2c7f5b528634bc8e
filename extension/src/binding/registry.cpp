#include "base/prelude.hpp"

#include "binding/registry.hpp"

#include "base/error_codes.hpp"
#include "table/catalog.hpp"

#include <algorithm>
#include <initializer_list>
#include <new>

namespace vend {
namespace {

constexpr int registry_width = static_cast<int>(std::size(registry_columns));

Oid primary_key_of(Relation relation) {
    list_free(RelationGetIndexList(relation)); // sets rd_pkindex
    return relation->rd_pkindex;
}

// Calls visit(tuple, descriptor) for each row of the registry, or for the row with the name. Reads the
// newest committed state, whatever the isolation level. The table has one row for each store.
template <typename Visit> void scan_registry(const char *name, Visit visit) {
    const Oid relation_id = registry_relation();
    if (!OidIsValid(relation_id))
        ereport(ERROR, (errcode(errcodes::not_in_state), errmsg("pg_vend is not installed"),
                        errhint("Run CREATE EXTENSION pg_vend.")));
    Relation relation = table_open(relation_id, AccessShareLock);
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    ScanKeyData condition;
    Oid index = InvalidOid;
    if (name != nullptr) {
        index = primary_key_of(relation);
        ScanKeyEntryInitialize(&condition, 0, 1, BTEqualStrategyNumber, InvalidOid,
                               TupleDescAttr(RelationGetDescr(relation), 0)->attcollation, F_TEXTEQ,
                               CStringGetTextDatum(name));
    }
    SysScanDesc scan = systable_beginscan(relation, index, OidIsValid(index), snapshot,
                                          name == nullptr ? 0 : 1, &condition);
    HeapTuple tuple = nullptr;
    while (HeapTupleIsValid(tuple = systable_getnext(scan))) visit(tuple, RelationGetDescr(relation));
    systable_endscan(scan);
    UnregisterSnapshot(snapshot);
    table_close(relation, AccessShareLock);
}

char *column_text(HeapTuple tuple, TupleDesc descriptor, int number) {
    bool is_null = false;
    const Datum value = heap_getattr(tuple, number, descriptor, &is_null);
    return is_null ? nullptr : TextDatumGetCString(value);
}

// Quotes the name again, because sessions can quote differently, and text that was written by hand must
// not become SQL. A text that is no qualified name becomes a single name, which means no relation.
char *normal_relation_name(const char *text) {
    const char *schema = nullptr;
    const char *relation = nullptr;
    if (!split_relation_name(text, &schema, &relation)) return pstrdup(quote_identifier(text));
    return quote_qualified_identifier(schema, relation);
}

RegistryRow row_of(HeapTuple tuple, TupleDesc descriptor) {
    RegistryRow row;
    for (int i = 0; i < registry_width; ++i)
        row.*registry_columns[i] = column_text(tuple, descriptor, i + 1);
    for (char *RegistryRow::*const column : registry_relations)
        if (row.*column != nullptr) row.*column = normal_relation_name(row.*column);
    return row;
}

// Reads these columns of a row without changing their text.
void read_columns(HeapTuple tuple, TupleDesc descriptor,
                  std::initializer_list<char * RegistryRow::*> columns, RegistryRow *row) {
    for (int i = 0; i < registry_width; ++i)
        if (std::ranges::find(columns, registry_columns[i]) != columns.end())
            row->*registry_columns[i] = column_text(tuple, descriptor, i + 1);
}

// Runs a statement on the registry as the owner of vend.store, who owns the extension.
uint64 run_as_registry_owner(const char *sql, int count, Datum *values, const char *nulls) {
    Oid types[registry_width];
    for (int i = 0; i < count; ++i) types[i] = TEXTOID;
    Relation relation = table_open(registry_relation(), RowExclusiveLock);
    Oid user = InvalidOid;
    int security_context = 0;
    GetUserIdAndSecContext(&user, &security_context);
    SetUserIdAndSecContext(relation->rd_rel->relowner, security_context | SECURITY_LOCAL_USERID_CHANGE);
    const int result = SPI_execute_with_args(sql, count, types, values, nulls, false, 0);
    SetUserIdAndSecContext(user, security_context);
    table_close(relation, NoLock);
    if (result < 0)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("could not change the registry: %s", SPI_result_code_string(result))));
    return SPI_processed;
}

} // namespace

Oid registry_relation() {
    const Oid schema = get_namespace_oid("vend", true);
    return OidIsValid(schema) ? get_relname_relid("store", schema) : InvalidOid;
}

bool read_registry(const char *name, RegistryRow *row) {
    bool found = false;
    scan_registry(name, [&](HeapTuple tuple, TupleDesc descriptor) {
        *row = row_of(tuple, descriptor);
        found = true;
    });
    return found;
}

void raise_unknown_store(const char *name) {
    ereport(ERROR, (errcode(errcodes::unknown_store), errmsg("store \"%s\" does not exist", name),
                    errhint("vend.store lists the stores; vend.create_store() makes one.")));
    pg_unreachable();
}

RegistryRow registered_store(const char *name) {
    RegistryRow row;
    if (!read_registry(name, &row)) raise_unknown_store(name);
    return row;
}

List *registered_roles() {
    List *rows = NIL;
    scan_registry(nullptr, [&](HeapTuple tuple, TupleDesc descriptor) {
        auto *row = new (palloc(sizeof(RegistryRow))) RegistryRow;
        read_columns(tuple, descriptor, {&RegistryRow::name, &RegistryRow::role}, row);
        rows = lappend(rows, row);
    });
    return rows;
}

List *registered_stores() {
    List *rows = NIL;
    scan_registry(nullptr, [&](HeapTuple tuple, TupleDesc descriptor) {
        auto *row = static_cast<RegistryRow *>(palloc(sizeof(RegistryRow)));
        *row = row_of(tuple, descriptor);
        rows = lappend(rows, row);
    });
    return rows;
}

void invalidate_registry(Relation registry) {
    if (RelationGetRelid(registry) != registry_relation())
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("vend.registry_changed() is for vend.store only")));
    CacheInvalidateRelcache(registry);
}

void insert_registry(const RegistryRow &row) {
    Datum values[registry_width];
    char nulls[registry_width];
    for (int i = 0; i < registry_width; ++i) {
        const char *text = row.*registry_columns[i];
        values[i] = text == nullptr ? 0 : CStringGetTextDatum(text);
        nulls[i] = text == nullptr ? 'n' : ' ';
    }
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfoString(&sql, "INSERT INTO vend.store VALUES ($1");
    for (int i = 2; i <= registry_width; ++i) appendStringInfo(&sql, ", $%d", i);
    appendStringInfoChar(&sql, ')');
    (void)run_as_registry_owner(sql.data, registry_width, values, nulls);
}

bool delete_registry(const char *name) {
    Datum value = CStringGetTextDatum(name);
    return run_as_registry_owner("DELETE FROM vend.store WHERE name OPERATOR(pg_catalog.=) $1", 1,
                                 &value, " ") == 1;
}

} // namespace vend
