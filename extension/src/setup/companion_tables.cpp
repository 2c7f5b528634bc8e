#include "base/prelude.hpp"

#include "setup/companion_tables.hpp"

#include "base/error_codes.hpp"
#include "binding/columns.hpp"
#include "binding/era_table.hpp"
#include "binding/key_type.hpp"
#include "core/kind.hpp"
#include "setup/ddl.hpp"
#include "table/catalog.hpp"

#include <algorithm>
#include <initializer_list>

namespace vend {
namespace {

struct Retyping {
    const char *relation; // quoted, qualified
    const char *column;
    const char *type; // as SQL
    const char *same; // the type in which old and new values are compared
};

// The steps. Their bodies follow the public functions.

char *column_type_sql(Oid relation, const char *column, bool as_kept);
void create_ledger(const char *schema, const CompanionTypes &types);
// The table stays small and its rows live shortly, so autovacuum clears dead rows early.
void create_deltas(const char *schema, const CompanionTypes &types);
// The table has few rows: keys that were given up, and keys that another row got after that.
void create_eras(const char *schema, const CompanionTypes &types);
// The view has two branches by the buyer, so that a query for one buyer finds the rows by the index.
void create_holding(const char *schema);
void create_rights(const char *schema);
bool is_needed(const Retyping &retyping);
// A cast may round a value, or make two spellings equal.
void require_lossless(const Retyping &to);

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

namespace {

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
    const char *type = as_kept
                           ? kept_type_sql(getBaseType(attribute->atttypid))
                           : format_type_extended(attribute->atttypid, attribute->atttypmod,
                                                  FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
    const Oid collation = attribute->attcollation;
    ReleaseSysCache(tuple);
    if (!OidIsValid(collation) || collation == DEFAULT_COLLATION_OID) return pstrdup(type);
    return psprintf("%s COLLATE %s", type, collation_sql(collation));
}

void create_ledger(const char *schema, const CompanionTypes &types) {
    run_ddl(psprintf("CREATE TABLE %s.ledger ("
                     "id uuid, line integer, "
                     "kind text NOT NULL CHECK (kind IN (%s)), "
                     "item %s, qty bigint NOT NULL DEFAULT 0, "
                     "wallet %s, amount %s NOT NULL DEFAULT 0, unit_price %s, "
                     "ref uuid, at timestamptz NOT NULL, "
                     "refusal text, refusal_qty bigint, list_price %s, "
                     "ref_line integer, item_era integer, wallet_era integer, stock_change bigint, "
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

void create_deltas(const char *schema, const CompanionTypes &types) {
    run_ddl(psprintf("CREATE TABLE %s.stock_delta (item %s NOT NULL, qty bigint NOT NULL, "
                     "claimed bigint)",
                     schema, types.item_key));
    run_ddl(psprintf("CREATE INDEX stock_delta_item ON %s.stock_delta (item)", schema));
    // The table has no key. Without a replica identity, a publication FOR ALL TABLES forbids DELETE.
    run_ddl(psprintf("ALTER TABLE %s.stock_delta REPLICA IDENTITY FULL", schema));
    run_ddl(psprintf("COMMENT ON TABLE %s.stock_delta IS "
                     "'Changes of the stock of escrow items that are not in its row yet'",
                     schema));
}

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

bool is_needed(const Retyping &retyping) {
    const Oid relation = relation_named(retyping.relation);
    return has_columns(relation, {retyping.column}) &&
           strcmp(column_type_sql(relation, retyping.column, false), retyping.type) != 0;
}

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
                        errdetail("It has %s, which the new type would change.",
                                  SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1))));
}

} // namespace
} // namespace vend
