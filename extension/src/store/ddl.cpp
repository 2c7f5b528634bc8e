#include "base/prelude.hpp"

#include "store/ddl.hpp"

#include "base/compat.hpp"
#include "base/error_codes.hpp"
#include "core/right.hpp"
#include "shared/counters.hpp"
#include "store/binding.hpp"
#include "store/key_type.hpp"
#include "store/money_type.hpp"
#include "store/registry.hpp"
#include "store/store.hpp"

#include <algorithm>
#include <initializer_list>

namespace vend {
namespace {

void run_ddl(const char *sql) {
    const int result = SPI_execute(sql, false, 0);
    if (result < 0)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("could not run \"%s\": %s", sql, SPI_result_code_string(result))));
}

// The definition with its types as SQL.
struct Types {
    const char *item_key;
    const char *wallet_key;
    const char *money;
};

const char *key_type_sql(Oid type, const char *argument) {
    if (!is_key_type(type))
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("%s cannot be %s", argument, format_type_be(type)),
                        errhint("The key types are text, bigint and uuid.")));
    // By their bytes: the fastest comparison, and one that no release of an operating system changes.
    return type == TEXTOID ? "text COLLATE pg_catalog.\"C\"" : format_type_be(type);
}

// The type that a text means; none where it means none.
MoneyType parsed_money_type(const char *text) {
    Oid type = InvalidOid;
    int32 typmod = -1;
    MemoryContext context = CurrentMemoryContext;
    PG_TRY();
    { compat::parse_type(text, &type, &typmod); }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        ErrorData *error = CopyErrorData();
        if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION &&
            ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
            PG_RE_THROW();
        FlushErrorState(); // the transaction fails with the error that follows
        type = InvalidOid;
    }
    PG_END_TRY();
    return money_type_of(type, typmod).value_or(MoneyType{});
}

const char *money_type_sql(const char *text) {
    const MoneyType money = parsed_money_type(text);
    if (!OidIsValid(money.type))
        ereport(ERROR,
                (errcode(errcodes::bad_argument), errmsg("money_type cannot be \"%s\"", text),
                 errhint("Use bigint, for the smallest coin, or numeric(p,s) with at most 18 digits.")));
    return format_type_with_typemod(money.type, money.typmod);
}

// NaN sorts above every number.
const char *not_negative(const char *column, const Types &types) {
    const bool is_integer = strcmp(types.money, "bigint") == 0;
    return psprintf("CHECK (%s >= 0%s)", column, is_integer ? "" : psprintf(" AND %s <> 'NaN'", column));
}

Types checked_types(const StoreDefinition &definition) {
    if (definition.name[0] == '\0' || strlen(definition.name) >= NAMEDATALEN)
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("name of a store must have 1 to %d bytes", NAMEDATALEN - 1)));
    // pg_dump leaves these schemas out.
    for (const char *reserved : {"vend", "information_schema"})
        if (strcmp(definition.name, reserved) == 0)
            ereport(ERROR, (errcode(errcodes::bad_argument),
                            errmsg("a store cannot be called \"%s\"", reserved),
                            errdetail("The schema of that name is not the user's.")));
    if (strcmp(definition.direct_writes, "journal") != 0 &&
        strcmp(definition.direct_writes, "refuse") != 0)
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("unknown direct_writes \"%s\"", definition.direct_writes),
                        errhint("Use journal or refuse.")));
    return {key_type_sql(definition.item_key_type, "item_key_type"),
            key_type_sql(definition.wallet_key_type, "wallet_key_type"),
            money_type_sql(definition.money_type)};
}

// Tables in a schema of somebody else's could be replaced by him.
void provide_schema(const char *name, const char *quoted) {
    const Oid schema = get_namespace_oid(name, true);
    if (!OidIsValid(schema)) {
        run_ddl(psprintf("CREATE SCHEMA %s", quoted));
        return;
    }
    HeapTuple tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
    const Oid owner = reinterpret_cast<Form_pg_namespace>(GETSTRUCT(tuple))->nspowner;
    ReleaseSysCache(tuple);
    if (!has_privs_of_role(GetUserId(), owner))
        ereport(ERROR, (errcode(errcodes::not_permitted),
                        errmsg("schema \"%s\" belongs to another role", name)));
}

bool has_relation(const char *schema, const char *relation) {
    return OidIsValid(get_relname_relid(relation, get_namespace_oid(schema, false)));
}

// Whether the schema has the tables of an earlier store. Raises when it has other relations of these
// names, which are somebody's own.
bool has_earlier_tables(const StoreDefinition &definition) {
    const char *schema = definition.name;
    if (has_relation(schema, "item") && has_relation(schema, "ledger") &&
        has_relation(schema, "wallet") == definition.wallets)
        return true;
    for (const char *relation : {"item", "wallet", "ledger", "holding", "role"})
        if (has_relation(schema, relation))
            ereport(ERROR,
                    (errcode(ERRCODE_DUPLICATE_TABLE),
                     errmsg("schema \"%s\" already has a relation \"%s\"", schema, relation),
                     errdetail("The tables of an earlier store can be bound again when all of them "
                               "are there: item, ledger and, unless wallets => false, wallet."),
                     errhint("Rename or drop it, or choose another name for the store.")));
    return false;
}

void create_items(const char *schema, const StoreDefinition &definition, const Types &types) {
    run_ddl(psprintf(
        "CREATE TABLE %s.item ("
        "id %s PRIMARY KEY, %s%s%s"
        "stock bigint NOT NULL DEFAULT 0 CHECK (stock >= 0), "
        "stock_version bigint NOT NULL DEFAULT 0, "
        "version bigint NOT NULL DEFAULT 1, "
        "lock_mode text CHECK (lock_mode IN ('atomic', 'pessimistic', 'optimistic', 'escrow'))"
        ") WITH (fillfactor = 50)",
        schema, types.item_key, definition.prices ? "price " : "", definition.prices ? types.money : "",
        definition.prices ? psprintf(" NOT NULL %s, ", not_negative("price", types)) : ""));
    run_ddl(psprintf("COMMENT ON TABLE %s.item IS 'Things for sale'", schema));
}

void create_wallets(const char *schema, const Types &types) {
    run_ddl(psprintf("CREATE TABLE %s.wallet ("
                     "id %s PRIMARY KEY, balance %s NOT NULL DEFAULT 0 %s"
                     ") WITH (fillfactor = 80)",
                     schema, types.wallet_key, types.money, not_negative("balance", types)));
    run_ddl(psprintf("COMMENT ON TABLE %s.wallet IS 'Balances of the buyers'", schema));
}

void create_ledger(const char *schema, const Types &types) {
    run_ddl(
        psprintf("CREATE TABLE %s.ledger ("
                 "id uuid, line integer, "
                 "kind text NOT NULL CHECK (kind IN "
                 "('purchase', 'refund', 'deposit', 'withdrawal', 'transfer', 'restock', 'adjustment', "
                 "'refusal', 'void')), "
                 "item %s, qty bigint NOT NULL DEFAULT 0, "
                 "wallet %s, amount %s NOT NULL DEFAULT 0, unit_price %s, "
                 "ref uuid, at timestamptz NOT NULL, "
                 "refusal text, refusal_qty bigint, "
                 "PRIMARY KEY (id, line), "
                 "CHECK ((kind = 'refusal') = (refusal IS NOT NULL)))",
                 schema, types.item_key, types.wallet_key, types.money, types.money));
    run_ddl(psprintf("CREATE INDEX ledger_wallet_item ON %s.ledger (wallet, item)", schema));
    run_ddl(psprintf("CREATE INDEX ledger_ref ON %s.ledger (ref) WHERE ref IS NOT NULL", schema));
    run_ddl(psprintf("COMMENT ON TABLE %s.ledger IS "
                     "'One row for each signed change of a stock or a balance; append-only'",
                     schema));
}

// Small and short-lived: what is dead in it is cleared away early. Its keys are of the type and
// collation of the items'.
void create_deltas(const char *schema) {
    run_ddl(psprintf(
        "CREATE TABLE %s.stock_delta AS SELECT id AS item, stock AS qty FROM %s.item WITH NO DATA",
        schema, schema));
    run_ddl(
        psprintf("ALTER TABLE %s.stock_delta ALTER item SET NOT NULL, ALTER qty SET NOT NULL", schema));
    run_ddl(psprintf("CREATE INDEX stock_delta_item ON %s.stock_delta (item)", schema));
    // It has no key: a publication FOR ALL TABLES would keep its rows from being deleted.
    run_ddl(psprintf("ALTER TABLE %s.stock_delta REPLICA IDENTITY FULL", schema));
    run_ddl(psprintf("COMMENT ON TABLE %s.stock_delta IS "
                     "'Changes of the stock of escrow items that are not in its row yet'",
                     schema));
}

void create_holding(const char *schema) {
    run_ddl(psprintf("CREATE VIEW %s.holding AS "
                     "SELECT wallet AS buyer, item, (-sum(qty))::bigint AS qty FROM %s.ledger "
                     "WHERE kind IN ('purchase', 'refund') GROUP BY wallet, item HAVING sum(qty) <> 0",
                     schema, schema));
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

void create_trigger(const char *relation, const char *trigger, const char *events, const char *level,
                    const char *function, const char *store) {
    run_ddl(psprintf("CREATE TRIGGER %s %s ON %s FOR EACH %s EXECUTE FUNCTION vend.%s(%s)", trigger,
                     events, relation, level, function, quote_literal_cstr(store)));
    // Goes with the extension; the table stays.
    run_ddl(psprintf("ALTER TRIGGER %s ON %s DEPENDS ON EXTENSION pg_vend", trigger, relation));
}

void create_journal(const char *relation, const char *store) {
    create_trigger(relation, journal_trigger, "AFTER INSERT OR UPDATE OR DELETE", "ROW", "journal",
                   store);
    create_trigger(relation, journal_truncate_trigger, "BEFORE TRUNCATE", "STATEMENT", "journal", store);
}

// They fire always: what replication or a session in the replica role writes concerns the counters too.
void create_counter_triggers(const RegistryRow &row) {
    const char *events = "AFTER INSERT OR UPDATE OR DELETE";
    create_trigger(row.item, counter_trigger, events, "ROW", "counter", row.name);
    create_trigger(row.delta, delta_trigger, events, "ROW", "delta", row.name);
    create_trigger(row.delta, delta_truncate_trigger, "BEFORE TRUNCATE", "STATEMENT", "delta", row.name);
    run_ddl(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", row.item, counter_trigger));
    run_ddl(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", row.delta, delta_trigger));
}

[[noreturn]] void raise_not_owner(const char *name, const char *detail) {
    ereport(ERROR, (errcode(errcodes::not_permitted), errmsg("permission denied for store \"%s\"", name),
                    errdetail("%s", detail)));
    pg_unreachable();
}

// Raises unless the caller owns what is left of the store's tables; where nothing is left, unless he
// made the store or owns the database.
void require_owner_of(const RegistryRow &row) {
    bool is_left = false;
    for (const char *name : {row.item, row.wallet, row.ledger, row.delta}) {
        const Oid owner = name == nullptr ? InvalidOid : relation_owner(relation_named(name));
        if (!OidIsValid(owner)) continue;
        is_left = true;
        if (!has_privs_of_role(GetUserId(), owner))
            raise_not_owner(row.name, psprintf("Table %s belongs to another role.", name));
    }
    const Oid creator = get_role_oid(row.creator, true);
    if (!is_left && !has_privs_of_role(GetUserId(), ROLE_PG_DATABASE_OWNER) &&
        !(OidIsValid(creator) && has_privs_of_role(GetUserId(), creator)))
        raise_not_owner(row.name,
                        psprintf("Its tables are gone, and it was made by role \"%s\".", row.creator));
}

// A registry row whose tables are gone is left over from a DROP SCHEMA.
void forget_dropped_store(const char *name) {
    RegistryRow row;
    if (!read_registry(name, &row)) return;
    if (OidIsValid(relation_named(row.item)) || OidIsValid(relation_named(row.ledger)))
        ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT), errmsg("store \"%s\" already exists", name),
                        errhint("Choose another name, or end it with vend.detach_store().")));
    require_owner_of(row);
    (void)delete_registry(name);
}

// Drops every trigger of ours that names the store or stands on one of its tables, whatever they were
// renamed to.
void drop_triggers(const RegistryRow &row) {
    Datum relations[] = {relation_named(row.item),
                         row.wallet == nullptr ? InvalidOid : relation_named(row.wallet),
                         relation_named(row.ledger), relation_named(row.delta)};
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
        "f.proname IN ('journal', 'append_only', 'counter', 'delta') AND (t.tgargs = $1 OR t.tgrelid = ANY ($2)) AND "
        "pg_catalog.pg_has_role(c.relowner, 'USAGE')",
        std::size(values), types, values, nullptr, false, 0);
    if (result != SPI_OK_SELECT)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("could not find triggers: %s", SPI_result_code_string(result))));
    SPITupleTable *found = SPI_tuptable;
    for (uint64 i = 0; i < found->numvals; ++i) run_ddl(SPI_getvalue(found->vals[i], found->tupdesc, 1));
}

RegistryRow registry_row(const StoreDefinition &definition, const char *schema) {
    RegistryRow row;
    row.name = pstrdup(definition.name);
    row.item = psprintf("%s.item", schema);
    row.item_key = pstrdup("id");
    row.stock = pstrdup("stock");
    row.price = definition.prices ? pstrdup("price") : nullptr;
    row.stock_version = pstrdup("stock_version");
    row.version = pstrdup("version");
    row.lock_mode = pstrdup("lock_mode");
    if (definition.wallets) {
        row.wallet = psprintf("%s.wallet", schema);
        row.wallet_key = pstrdup("id");
        row.balance = pstrdup("balance");
    }
    row.ledger = psprintf("%s.ledger", schema);
    row.delta = psprintf("%s.stock_delta", schema);
    row.role = psprintf("%s.role", schema);
    row.direct_writes = pstrdup(definition.direct_writes);
    row.creator = GetUserNameFromId(GetUserId(), false);
    return row;
}

// The tables of an earlier store, which the caller must own, to be bound anew: nobody writes to them
// until the end of the transaction, and the triggers that a dump brought along go.
void take_over(const RegistryRow &row) {
    require_owner_of(row);
    for (const char *relation : {row.item, row.wallet, row.ledger, row.delta})
        if (relation != nullptr && OidIsValid(relation_named(relation)))
            run_ddl(psprintf("LOCK TABLE %s", relation));
    forget_dropped_store(row.name); // somebody else may have bound them while this call waited
    ListCell *cell = nullptr;
    foreach (cell, registered_stores()) {
        const auto *other = static_cast<const RegistryRow *>(lfirst(cell));
        if (strcmp(other->item, row.item) == 0 || strcmp(other->ledger, row.ledger) == 0)
            ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
                            errmsg("the tables belong to store \"%s\"", other->name)));
    }
    drop_triggers(row);
}

void require_argument(const char *argument, const char *given, const char *found) {
    if (strcmp(given, found) == 0) return;
    ereport(ERROR,
            (errcode(errcodes::bad_argument),
             errmsg("%s is %s, but the earlier tables of the store have %s", argument, given, found),
             errhint("Say %s => '%s'.", argument, found)));
}

RegistryRow own_store(const char *name) {
    RegistryRow row;
    if (!read_registry(name, &row)) raise_unknown_store(name);
    require_owner_of(row);
    return row;
}

bool has_columns(Oid relation, std::initializer_list<const char *> columns) {
    return OidIsValid(relation) && std::ranges::all_of(columns, [&](const char *column) {
               return get_attnum(relation, column) > 0;
           });
}

// Brings the rows of the items up to their deltas, as far as there still are both. The triggers are
// gone, and the lock that took keeps everybody out.
void settle_unbound(const RegistryRow &row) {
    if (!has_columns(relation_named(row.item), {row.item_key, row.stock}) ||
        !has_columns(relation_named(row.delta), {"item", "qty"}))
        return;
    run_ddl(psprintf("WITH d AS (DELETE FROM %s RETURNING item, qty), "
                     "s AS (SELECT item, pg_catalog.sum(qty) AS qty FROM d GROUP BY item) "
                     "UPDATE %s AS i SET %s = i.%s + s.qty FROM s WHERE i.%s = s.item",
                     row.delta, row.item, quote_identifier(row.stock), quote_identifier(row.stock),
                     quote_identifier(row.item_key)));
}

Right right_named(const char *name) {
    const auto right = right_from(name);
    if (!right)
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("unknown right \"%s\"", name),
                        errhint("The rights are buyer, cashier, operator and auditor.")));
    return *right;
}

} // namespace

void grant_right(const char *store, const char *right, Oid role) {
    (void)right_named(right);
    run_ddl(psprintf("GRANT SELECT (%s) ON %s TO %s", quote_identifier(right), own_store(store).role,
                     quote_identifier(GetUserNameFromId(role, false))));
}

void revoke_right(const char *store, const char *right, Oid role) {
    const AttrNumber column = right_column(right_named(right));
    const RegistryRow row = own_store(store);
    const char *role_name = GetUserNameFromId(role, false);
    run_ddl(psprintf("REVOKE SELECT (%s) ON %s FROM %s", quote_identifier(right), row.role,
                     quote_identifier(role_name)));
    const Oid view = relation_named(row.role);
    if (!has_privs_of_role(role, relation_owner(view)) &&
        pg_attribute_aclcheck(view, column, role, ACL_SELECT) == ACLCHECK_OK)
        ereport(
            WARNING,
            (errmsg("role \"%s\" still has the right of a %s on store \"%s\"", role_name, right, store),
             errdetail("It has it from PUBLIC, through another role or from another grantor.")));
}

bool create_store(const StoreDefinition &definition) {
    const Types types = checked_types(definition);
    const char *schema = quote_identifier(definition.name);
    forget_dropped_store(definition.name);
    provide_schema(definition.name, schema);
    const RegistryRow row = registry_row(definition, schema);
    const bool is_earlier = has_earlier_tables(definition);
    if (is_earlier) {
        take_over(row);
    } else {
        create_items(schema, definition, types);
        if (definition.wallets) create_wallets(schema, types);
        create_ledger(schema, types);
    }
    if (!has_relation(definition.name, "stock_delta")) create_deltas(schema);
    if (!has_relation(definition.name, "holding")) create_holding(schema);
    if (!has_relation(definition.name, "role")) create_rights(schema);

    create_journal(row.item, definition.name);
    if (definition.wallets) create_journal(row.wallet, definition.name);
    create_trigger(row.ledger, append_only_trigger, "BEFORE UPDATE OR DELETE", "ROW", "append_only",
                   definition.name);
    create_trigger(row.ledger, append_only_truncate_trigger, "BEFORE TRUNCATE", "STATEMENT",
                   "append_only", definition.name);
    create_counter_triggers(row);
    insert_registry(row);
    return is_earlier;
}

void require_definition(const Store &store, const StoreDefinition &definition) {
    require_argument("item_key_type", format_type_be(definition.item_key_type),
                     format_type_be(store.item_type.type));
    require_argument("wallet_key_type", format_type_be(definition.wallet_key_type),
                     format_type_be(store.buyer_type.type));
    require_argument("money_type", money_type_sql(definition.money_type),
                     format_type_with_typemod(store.money.type, store.money.typmod));
    require_argument("prices", definition.prices ? "true" : "false",
                     get_attnum(store.item_table.relation, "price") > 0 ? "true" : "false");
}

void detach_store(const char *name) {
    RegistryRow row;
    if (!read_registry(name, &row)) raise_unknown_store(name);
    require_owner_of(row);
    // First, so that of two who detach one store at once the second waits here and finds it gone.
    if (!delete_registry(name)) raise_unknown_store(name);
    const Oid items = relation_named(row.item);
    if (OidIsValid(items) && has_pending(items))
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_IN_USE),
                 errmsg("this transaction has itself moved units of escrow items of store \"%s\"", name),
                 errhint("Commit first.")));
    lock_bound(row, AccessExclusiveLock);
    drop_triggers(row);
    settle_unbound(row);
}

} // namespace vend
