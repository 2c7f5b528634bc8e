#include "base/prelude.hpp"

#include "guard/guard_rows.hpp"

#include "base/error_codes.hpp"
#include "base/sql_operators.hpp"
#include "table/catalog.hpp"
#include "table/engine_write.hpp"
#include "table/our_triggers.hpp"

namespace vend {
namespace {

const char *table_sql(Relation relation) {
    const char *name = quoted_relation_name(relation);
    // A table that inherits from it has its own primary key.
    return relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ? name : psprintf("ONLY %s", name);
}

Form_pg_attribute attribute_of(Relation relation, AttrNumber number) {
    return TupleDescAttr(RelationGetDescr(relation), number - 1);
}

const char *column_sql(Relation relation, AttrNumber number) {
    return quote_identifier(NameStr(attribute_of(relation, number)->attname));
}

uint64 run_sql(const char *sql, std::span<const Oid> types, std::span<const Datum> values) {
    const int result =
        SPI_execute_with_args(sql, static_cast<int>(types.size()), const_cast<Oid *>(types.data()),
                              const_cast<Datum *>(values.data()), nullptr, false, 0);
    if (result < 0)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("could not run \"%s\": %s", sql, SPI_result_code_string(result))));
    return SPI_processed;
}

std::optional<int64> found_version(Oid type) {
    bool is_null = false;
    const Datum version = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
    if (is_null) return std::nullopt;
    return version_from(type, version);
}

// Finds the newest version of a row that this transaction has written. False when it has deleted the
// row.
bool find_newest(Relation relation, ItemPointer place, TupleTableSlot *row) {
    CommandCounterIncrement();
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    TableScanDesc scan = table_beginscan_tid(relation, snapshot);
    table_tuple_get_latest_tid(scan, place);
    table_endscan(scan);
    const bool is_found = table_tuple_fetch_row_version(relation, place, snapshot, row);
    UnregisterSnapshot(snapshot);
    return is_found;
}

void require_update_right(Oid id) {
    const AclMode mode = ACL_UPDATE;
    if (pg_class_aclcheck(id, GetUserId(), mode) != ACLCHECK_OK &&
        pg_attribute_aclcheck_all(id, GetUserId(), mode, ACLMASK_ANY) != ACLCHECK_OK)
        ereport(ERROR, (errcode(errcodes::not_permitted),
                        errmsg("permission denied for table \"%s\"", relation_label(id))));
}

// The column of the primary key.
void bind_primary_key(KeyedTable *table) {
    table->key = primary_key_column(table->relation);
    if (table->key == InvalidAttrNumber)
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("table \"%s\" has no primary key of one column",
                               relation_label(RelationGetRelid(table->relation))),
                        errhint("Use UPDATE.")));
    const Form_pg_attribute attribute = attribute_of(table->relation, table->key);
    table->key_type =
        key_type_of(getBaseType(attribute->atttypid), attribute->attcollation, CurrentMemoryContext);
}

const char *update_sql(const KeyedTable &table, std::span<const AttrNumber> columns) {
    Relation relation = table.relation;
    const char *version = column_sql(relation, table.guard->version);
    StringInfoData set;
    StringInfoData fields;
    initStringInfo(&set);
    initStringInfo(&fields);
    for (const AttrNumber number : columns) {
        const Form_pg_attribute attribute = attribute_of(relation, number);
        const char *name = column_sql(relation, number);
        appendStringInfo(&set, "%s = c.%s, ", name, name);
        appendStringInfo(&fields, "%s%s %s", fields.len == 0 ? "" : ", ", name,
                         format_type_extended(attribute->atttypid, attribute->atttypmod,
                                              FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
    }
    return psprintf("UPDATE %s AS t SET %s%s = $3 FROM pg_catalog.jsonb_to_record($4) AS c(%s) "
                    "WHERE t.%s %s $1 AND t.%s " EQ " $2 RETURNING t.%s",
                    table_sql(relation), set.data, version, fields.data, column_sql(relation, table.key),
                    table.key_type.equals, version, version);
}

} // namespace

void count_up(Relation relation, const Guard &guard, ItemPointer place, int64 was) {
    ItemPointerData newest = *place;
    TupleTableSlot *row = table_slot_create(relation, nullptr);
    bool is_null = true;
    const bool is_to_count =
        find_newest(relation, &newest, row) &&
        version_from(guard.version_type, slot_getattr(row, guard.version, &is_null)) == was;
    ExecDropSingleTupleTableSlot(row);
    if (!is_to_count) return;
    const char *version = column_sql(relation, guard.version);
    const char *sql =
        psprintf("UPDATE %s SET %s = $1 WHERE ctid " EQ " $2", table_sql(relation), version);
    const Oid types[] = {guard.version_type, TIDOID};
    const Datum values[] = {version_datum(guard.version_type, was + 1), PointerGetDatum(&newest)};
    if (run_sql(sql, types, values) != 1) raise_write_altered(RelationGetRelid(relation));
}

KeyedTable open_keyed(Oid id) {
    require_update_right(id);
    const Oid function = trigger_function(trigger_functions::guard);
    KeyedTable table;
    table.relation = table_open(id, RowExclusiveLock);
    const Trigger *guard = guard_of(table.relation, function, false);
    if (guard == nullptr)
        ereport(ERROR, (errcode(errcodes::not_in_state),
                        errmsg("table \"%s\" has no version guard", relation_label(id)),
                        errhint("Its owner puts one on it with vend.guard_version().")));
    table.guard = resolve_guard(*guard, table.relation, CurrentMemoryContext);
    bind_primary_key(&table);
    return table;
}

void close_keyed(const KeyedTable &table) {
    table_close(table.relation, NoLock);
}

std::optional<int64> read_version(const KeyedTable &table, Datum key) {
    Relation relation = table.relation;
    const char *sql =
        psprintf("SELECT %s FROM %s WHERE %s %s $1", column_sql(relation, table.guard->version),
                 table_sql(relation), column_sql(relation, table.key), table.key_type.equals);
    const Oid types[] = {table.key_type.type};
    const Datum values[] = {key};
    if (run_sql(sql, types, values) == 0) return std::nullopt;
    return found_version(table.guard->version_type);
}

std::optional<int64> update_versioned(const KeyedTable &table, const VersionedUpdate &update) {
    const Oid version_type = table.guard->version_type;
    const char *sql = update_sql(table, update.columns);
    const Oid types[] = {table.key_type.type, INT8OID, version_type, JSONBOID};
    const Datum values[] = {update.key, Int64GetDatum(update.expected),
                            version_datum(version_type, update.version), update.changes};
    const uint64 count = run_sql(sql, types, values);
    if (count == 0) return std::nullopt;
    if (count > 1) raise_write_altered(RelationGetRelid(table.relation));
    return found_version(version_type);
}

} // namespace vend
