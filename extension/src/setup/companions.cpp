#include "base/prelude.hpp"

#include "setup/companions.hpp"

#include "base/error_codes.hpp"
#include "binding/columns.hpp"
#include "binding/era_table.hpp"
#include "binding/key_type.hpp"
#include "core/kind.hpp"
#include "setup/ddl.hpp"
#include "table/as_role.hpp"
#include "table/catalog.hpp"
#include "table/our_triggers.hpp"

#include <algorithm>
#include <initializer_list>

namespace vend {
namespace {

void create_ledger(const char *schema, const CompanionTypes &types) {
    run_ddl(psprintf("CREATE TABLE %s.ledger ("
                     "id uuid, line integer, "
                     "kind text NOT NULL CHECK (kind IN (%s)), "
                     "item %s, qty bigint NOT NULL DEFAULT 0, "
                     "wallet %s, amount %s NOT NULL DEFAULT 0, unit_price %s, "
                     "ref uuid, at timestamptz NOT NULL, "
                     "refusal text, refusal_qty bigint, list_price %s, "
                     "ref_line integer, item_era integer, wallet_era integer, "
                     "PRIMARY KEY (id, line), "
                     "CHECK ((kind = 'refusal') = (refusal IS NOT NULL)))",
                     schema, literals(kind_names), types.item_key, types.wallet_key, types.money,
                     types.money, types.money));
    run_ddl(psprintf("CREATE INDEX ledger_wallet_item ON %s.ledger (wallet, item)", schema));
    run_ddl(psprintf("CREATE INDEX ledger_ref ON %s.ledger (ref) WHERE ref IS NOT NULL", schema));
    run_ddl(psprintf("COMMENT ON TABLE %s.ledger IS "
                     "'One row for each signed change of a stock or a balance; append-only'",
                     schema));
}

// Small and short-lived: what is dead in it is cleared away early.
void create_deltas(const char *schema, const CompanionTypes &types) {
    run_ddl(psprintf("CREATE TABLE %s.stock_delta (item %s NOT NULL, qty bigint NOT NULL)", schema,
                     types.item_key));
    run_ddl(psprintf("CREATE INDEX stock_delta_item ON %s.stock_delta (item)", schema));
    // It has no key: a publication FOR ALL TABLES would keep its rows from being deleted.
    run_ddl(psprintf("ALTER TABLE %s.stock_delta REPLICA IDENTITY FULL", schema));
    run_ddl(psprintf("COMMENT ON TABLE %s.stock_delta IS "
                     "'Changes of the stock of escrow items that are not in its row yet'",
                     schema));
}

// Few rows: keys that were given up, and keys that were given to another row after that.
void create_eras(const char *schema, const CompanionTypes &types) {
    run_ddl(psprintf("CREATE TABLE %s.key_era (item %s, wallet %s, era integer NOT NULL, "
                     "now_item %s, now_wallet %s, now_era integer, "
                     "CHECK ((item IS NULL) <> (wallet IS NULL)))",
                     schema, types.item_key, types.wallet_key, types.item_key, types.wallet_key));
    for (const char *key : {"item", "wallet"}) {
        run_ddl(psprintf("CREATE UNIQUE INDEX key_era_%s ON %s.key_era (%s, era) WHERE %s IS NOT NULL",
                         key, schema, key, key));
        run_ddl(psprintf("CREATE INDEX key_era_now_%s ON %s.key_era (now_%s, now_era) "
                         "WHERE now_%s IS NOT NULL",
                         key, schema, key, key));
    }
    run_ddl(psprintf("CREATE INDEX %s ON %s.key_era (era) WHERE era > 0", reborn_index, schema));
    run_ddl(psprintf("ALTER TABLE %s.key_era REPLICA IDENTITY FULL", schema));
    run_ddl(psprintf("COMMENT ON TABLE %s.key_era IS "
                     "'Keys that were given up, and where the row that had them is now'",
                     schema));
}

// Two branches for the buyer, so that a query for one of them finds his rows by the index.
void create_holding(const char *schema) {
    const char *moved = psprintf("FROM %s.ledger l JOIN %s.key_era w ON w.wallet = l.wallet AND "
                                 "w.era = coalesce(l.wallet_era, 0) AND w.now_wallet IS NOT NULL",
                                 schema, schema);
    const char *unmoved =
        psprintf("FROM %s.ledger l WHERE NOT EXISTS (SELECT FROM %s.key_era w WHERE w.wallet = l.wallet "
                 "AND w.era = coalesce(l.wallet_era, 0) AND w.now_wallet IS NOT NULL)",
                 schema, schema);
    const char *columns = "l.item, coalesce(l.item_era, 0) AS item_era, l.qty, l.kind";
    run_ddl(psprintf(
        "CREATE VIEW %s.holding AS "
        "SELECT h.buyer, coalesce(i.now_item, h.item) AS item, (-sum(h.qty))::bigint AS qty FROM "
        "(SELECT l.wallet AS buyer, coalesce(l.wallet_era, 0) AS buyer_era, %s %s "
        "UNION ALL SELECT w.now_wallet, w.now_era, %s %s) AS h "
        "LEFT JOIN %s.key_era i ON i.item = h.item AND i.era = h.item_era AND i.now_item IS NOT NULL "
        "WHERE h.kind IN ('purchase', 'refund') "
        "GROUP BY h.buyer, h.buyer_era, coalesce(i.now_item, h.item), "
        "coalesce(i.now_era, h.item_era) HAVING sum(h.qty) <> 0",
        schema, columns, unmoved, columns, moved, schema));
    run_ddl(psprintf("COMMENT ON VIEW %s.holding IS 'What each buyer owns of each item'", schema));
}

void create_rights(const char *schema) {
    run_ddl(psprintf("CREATE VIEW %s.role AS SELECT true AS buyer, true AS cashier, true AS operator, "
                     "true AS auditor",
                     schema));
    run_ddl(psprintf("COMMENT ON VIEW %s.role IS "
                     "'Who may SELECT a column has that right on the store; see vend.grant_role()'",
                     schema));
}

void create_journal(const char *relation, const char *store) {
    create_trigger(relation, journal_trigger, "AFTER INSERT OR UPDATE OR DELETE", "ROW",
                   trigger_functions::journal, quote_literal_cstr(store));
    create_trigger(relation, journal_truncate_trigger, "BEFORE TRUNCATE", "STATEMENT",
                   trigger_functions::journal, quote_literal_cstr(store));
}

// They fire always: what replication or a session in the replica role writes concerns the counters too.
void create_counter_triggers(const RegistryRow &row) {
    const char *store = quote_literal_cstr(row.name);
    const char *events = "AFTER INSERT OR UPDATE OR DELETE";
    create_trigger(row.item, counter_trigger, events, "ROW", trigger_functions::invalidate_counters,
                   store);
    create_trigger(row.delta, delta_trigger, events, "ROW", trigger_functions::delta, store);
    create_trigger(row.delta, delta_truncate_trigger, "BEFORE TRUNCATE", "STATEMENT",
                   trigger_functions::delta, store);
    run_ddl(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", row.item, counter_trigger));
    run_ddl(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", row.delta, delta_trigger));
}

// What replication brings concerns all sessions too.
void create_era_trigger(const RegistryRow &row) {
    const char *eras = eras_beside(row.ledger);
    const char *store = quote_literal_cstr(row.name);
    create_trigger(eras, era_trigger, "AFTER INSERT OR UPDATE OR DELETE", "ROW",
                   trigger_functions::key_era, store);
    create_trigger(eras, era_truncate_trigger, "BEFORE TRUNCATE", "STATEMENT",
                   trigger_functions::key_era, store);
    run_ddl(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", eras, era_trigger));
}

bool has_columns(Oid relation, std::initializer_list<const char *> columns) {
    return OidIsValid(relation) && std::ranges::all_of(columns, [&](const char *column) {
               return get_attnum(relation, column) > 0;
           });
}

char *collation_sql(Oid collation) {
    HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
    const auto *form = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple));
    char *sql =
        quote_qualified_identifier(get_namespace_name(form->collnamespace), NameStr(form->collname));
    ReleaseSysCache(tuple);
    return sql;
}

char *column_type_sql(Oid relation, const char *column, bool as_kept) {
    HeapTuple tuple = SearchSysCacheAttName(relation, column);
    if (!HeapTupleIsValid(tuple)) raise_unknown_column(relation_label(relation), column);
    const auto *attribute = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple));
    const Oid stored_as = kept_type_of(getBaseType(attribute->atttypid));
    const char *type = as_kept
                           ? format_type_be_qualified(stored_as)
                           : format_type_extended(attribute->atttypid, attribute->atttypmod,
                                                  FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
    const Oid collation = attribute->attcollation;
    ReleaseSysCache(tuple);
    if (!OidIsValid(collation) || collation == DEFAULT_COLLATION_OID) return pstrdup(type);
    return psprintf("%s COLLATE %s", type, collation_sql(collation));
}

struct Retyping {
    const char *relation; // quoted, qualified
    const char *column;
    const char *type; // as SQL
    const char *same; // the type in which what was and what will be are compared
};

bool is_needed(const Retyping &retyping) {
    const Oid relation = relation_named(retyping.relation);
    return has_columns(relation, {retyping.column}) &&
           strcmp(column_type_sql(relation, retyping.column, false), retyping.type) != 0;
}

// A cast may round, or read two spellings as one.
void require_lossless(const Retyping &to) {
    const char *was = psprintf("%s::%s", to.column, to.same);
    const char *will_be = psprintf("(%s::%s)::%s", to.column, to.type, to.same);
    const int result =
        SPI_execute(psprintf("SELECT %s FROM %s WHERE %s OPERATOR(pg_catalog.<>) %s LIMIT 1", was,
                             to.relation, was, will_be),
                    true, 1);
    if (result != SPI_OK_SELECT)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not read \"%s\": %s", to.relation,
                                                                SPI_result_code_string(result))));
    if (SPI_processed > 0)
        ereport(ERROR, (errcode(errcodes::not_in_state),
                        errmsg("\"%s\" of %s cannot become %s", to.column, to.relation, to.type),
                        errdetail("It has %s, which would be another then.",
                                  SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1))));
}

// On what is there now, whatever the transaction's snapshot shows: sales that it does not show have left
// their deltas too. The number of rows.
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

bool has_relation(const char *schema, const char *relation) {
    return OidIsValid(get_relname_relid(relation, get_namespace_oid(schema, true)));
}

char *column_sql(Oid relation, const char *column) {
    return column_type_sql(relation, column, false);
}

char *kept_key_sql(Oid relation, const char *column) {
    return column_type_sql(relation, column, true);
}

List *create_companions(const char *schema, const CompanionTypes &types) {
    const char *quoted = quote_identifier(schema);
    List *made = NIL;
    const auto provide = [&](const char *relation, auto create) {
        if (has_relation(schema, relation)) return;
        create();
        made = lappend(made, psprintf("%s.%s", quoted, relation));
    };
    provide("ledger", [&] { create_ledger(quoted, types); });
    provide("stock_delta", [&] { create_deltas(quoted, types); });
    provide("key_era", [&] { create_eras(quoted, types); });
    provide("holding", [&] { create_holding(quoted); });
    provide("role", [&] { create_rights(quoted); });
    return made;
}

void retype_companions(const RegistryRow &row, const char *schema, const CompanionTypes &types) {
    constexpr const char *text = "pg_catalog.text COLLATE pg_catalog.\"C\"";
    constexpr const char *numeric = "pg_catalog.numeric";
    const char *eras = eras_beside(row.ledger);
    const Retyping retypings[] = {{row.ledger, "item", types.item_key, text},
                                  {row.delta, "item", types.item_key, text},
                                  {eras, "item", types.item_key, text},
                                  {eras, "now_item", types.item_key, text},
                                  {eras, "wallet", types.wallet_key, text},
                                  {eras, "now_wallet", types.wallet_key, text},
                                  {row.ledger, "wallet", types.wallet_key, text},
                                  {row.ledger, "amount", types.money, numeric},
                                  {row.ledger, "unit_price", types.money, numeric},
                                  {row.ledger, "list_price", types.money, numeric}};
    const bool is_retyped = std::ranges::any_of(retypings, is_needed);
    const bool has_holding = has_relation(schema, "holding");
    if (!is_retyped) return;
    if (has_holding) run_ddl(psprintf("DROP VIEW %s.holding", quote_identifier(schema)));
    for (const Retyping &retyping : retypings) {
        if (!is_needed(retyping)) continue;
        require_lossless(retyping);
        run_ddl(psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s USING %s::%s", retyping.relation,
                         retyping.column, retyping.type, retyping.column, retyping.type));
    }
    if (has_holding) create_holding(quote_identifier(schema));
}

void create_triggers(const RegistryRow &row) {
    const char *store = quote_literal_cstr(row.name);
    create_journal(row.item, row.name);
    if (row.wallet != nullptr) create_journal(row.wallet, row.name);
    create_trigger(row.ledger, append_only_trigger, "BEFORE UPDATE OR DELETE", "ROW",
                   trigger_functions::append_only, store);
    create_trigger(row.ledger, append_only_truncate_trigger, "BEFORE TRUNCATE", "STATEMENT",
                   trigger_functions::append_only, store);
    create_counter_triggers(row);
    create_era_trigger(row);
}

void drop_triggers(const RegistryRow &row) {
    Datum relations[] = {
        relation_named(row.item), row.wallet == nullptr ? InvalidOid : relation_named(row.wallet),
        relation_named(row.ledger), relation_named(row.delta), relation_named(eras_beside(row.ledger))};
    for (Datum &relation : relations) relation = ObjectIdGetDatum(relation);
    const std::size_t bytes = strlen(row.name) + 1; // as pg_trigger keeps an argument
    Datum values[] = {PointerGetDatum(cstring_to_text_with_len(row.name, static_cast<int>(bytes))),
                      PointerGetDatum(construct_array(relations, std::size(relations), OIDOID,
                                                      sizeof(Oid), true, TYPALIGN_INT))};
    Oid types[] = {BYTEAOID, OIDARRAYOID};
    const int result = SPI_execute_with_args(
        "SELECT pg_catalog.format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::pg_catalog.regclass) "
        "FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid "
        "JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid "
        "WHERE f.pronamespace = 'vend'::pg_catalog.regnamespace AND "
        "f.proname IN ('journal', 'append_only', 'invalidate_counters', 'delta', 'key_era') AND t.tgparentid = 0 AND (t.tgargs = $1 OR t.tgrelid = ANY ($2)) AND "
        "pg_catalog.pg_has_role(c.relowner, 'USAGE')",
        std::size(values), types, values, nullptr, false, 0);
    if (result != SPI_OK_SELECT)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("could not find triggers: %s", SPI_result_code_string(result))));
    SPITupleTable *found = SPI_tuptable;
    for (uint64 i = 0; i < found->numvals; ++i) run_ddl(SPI_getvalue(found->vals[i], found->tupdesc, 1));
}

void settle_unbound(const RegistryRow &row) {
    if (!has_columns(relation_named(row.item), {row.item_key, row.stock}) ||
        !has_columns(relation_named(row.delta), {"item", "qty"}))
        return;
    const char *key = kept_key_sql(relation_named(row.item), row.item_key);
    // The keys of the items have become others: whoever binds them again brings the deltas along.
    if (strcmp(key, column_sql(relation_named(row.delta), "item")) != 0) return;
    // Anything of the owner's may stand in place of the deltas, and triggers of his on the items.
    bool is_settled = true;
    as_role(relation_owner(relation_named(row.delta)),
            [&] { is_settled = run_on_newest(psprintf("SELECT FROM %s LIMIT 1", row.delta)) == 0; });
    if (is_settled) return;
    as_role(relation_owner(relation_named(row.item)), [&] {
        (void)run_on_newest(
            psprintf("WITH d AS (DELETE FROM %s RETURNING item, qty), "
                     "s AS (SELECT item, pg_catalog.sum(qty) AS qty FROM d GROUP BY item) "
                     "UPDATE %s AS i SET %s = i.%s + s.qty FROM s WHERE i.%s::%s = s.item",
                     row.delta, row.item, quote_identifier(row.stock), quote_identifier(row.stock),
                     quote_identifier(row.item_key), key));
    });
}

} // namespace vend
