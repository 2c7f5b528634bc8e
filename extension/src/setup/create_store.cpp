#include "base/prelude.hpp"

#include "setup/create_store.hpp"

#include "base/error_codes.hpp"
#include "binding/columns.hpp"
#include "binding/registry.hpp"
#include "core/lock_mode.hpp"
#include "setup/companion_tables.hpp"
#include "setup/ddl.hpp"
#include "setup/draft.hpp"
#include "setup/store_options.hpp"
#include "setup/store_schema.hpp"
#include "setup/store_triggers.hpp"
#include "setup/take_over.hpp"
#include "table/catalog.hpp"

#include <initializer_list>

namespace vend {
namespace {

// The steps. Their bodies follow the public functions.

CompanionTypes checked_types(const StoreDefinition &definition);
RegistryRow registry_row(const StoreDefinition &definition, const char *schema);
// Whether the schema has the tables of an earlier store. Raises 42P07 when it has other relations with
// these names.
bool has_earlier_tables(const StoreDefinition &definition);
void create_items(const char *schema, const StoreDefinition &definition, const CompanionTypes &types);
void create_wallets(const char *schema, const CompanionTypes &types);
// An event trigger may give new tables to another role, for example to one that a team shares.
Oid owner_of_items(const RegistryRow &row, Stage stage);
void give_schema(const char *name, Oid owner);
void require_argument(const char *argument, const char *given, const char *found);

} // namespace

bool create_store(const StoreDefinition &definition) {
    const CompanionTypes types = checked_types(definition);
    const char *schema = quote_identifier(definition.name);
    forget_dropped_store(definition.name);
    const bool has_new_schema = provide_schema(definition.name, GetUserId());
    const RegistryRow row = registry_row(definition, schema);
    const bool is_earlier = has_earlier_tables(definition);
    const Stage stage = is_earlier ? Stage::attaching : Stage::creating;
    if (is_earlier) {
        take_over(row);
    } else {
        create_items(schema, definition, types);
        if (definition.wallets) create_wallets(schema, types);
    }
    const Oid owner = owner_of_items(row, stage);
    if (has_new_schema) give_schema(definition.name, owner);
    if (!is_earlier && definition.wallets) give_relations(list_make1(row.wallet), owner);
    give_relations(
        create_companions(definition.name,
                          {is_earlier ? kept_key_sql(relation_named(row.item), "id") : types.item_key,
                           types.wallet_key, types.money}),
        owner);
    require_relations(row, stage);
    create_triggers(row);
    insert_registry(row);
    require_bindable(row, stage);
    return is_earlier;
}

void require_definition(const Store &store, const StoreDefinition &definition) {
    require_argument("item_key_type", format_type_be(definition.item_key_type),
                     format_type_be(store.binding.item_type.type));
    require_argument("wallet_key_type", format_type_be(definition.wallet_key_type),
                     format_type_be(store.binding.buyer_type.type));
    require_argument("money_type", money_type_sql(definition.money_type),
                     format_type_with_typemod(store.binding.money.type, store.binding.money.typmod));
    require_argument("prices", definition.prices ? "true" : "false",
                     get_attnum(store.binding.item_table.relation, "price") > 0 ? "true" : "false");
}

namespace {

const char *key_type_sql(Oid type, const char *argument) {
    if (type != TEXTOID && type != INT8OID && type != UUIDOID)
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("%s cannot be %s", argument, format_type_be(type)),
                        errhint("The key types are text, bigint and uuid.")));
    // Collation "C" compares bytes. That is fastest, and no release of an operating system changes it.
    return type == TEXTOID ? "text COLLATE pg_catalog.\"C\"" : format_type_be(type);
}

CompanionTypes checked_types(const StoreDefinition &definition) {
    require_store_name(definition.name);
    require_direct_writes(definition.direct_writes);
    require_buyers(definition.buyers);
    return {key_type_sql(definition.item_key_type, "item_key_type"),
            key_type_sql(definition.wallet_key_type, "wallet_key_type"),
            money_type_sql(definition.money_type)};
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
    row.buyers = pstrdup(definition.buyers);
    row.rls = pstrdup("owner");
    row.creator = GetUserNameFromId(GetUserId(), false);
    return row;
}

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

// NaN sorts above every number, so >= 0 alone would let it in.
const char *not_negative(const char *column, const CompanionTypes &types) {
    const bool is_integer = strcmp(types.money, "bigint") == 0;
    return psprintf("CHECK (%s >= 0%s)", column, is_integer ? "" : psprintf(" AND %s <> 'NaN'", column));
}

void create_items(const char *schema, const StoreDefinition &definition, const CompanionTypes &types) {
    run_ddl(psprintf("CREATE TABLE %s.item ("
                     "id %s PRIMARY KEY, %s%s%s"
                     "stock bigint NOT NULL DEFAULT 0 CHECK (stock >= 0), "
                     "stock_version bigint NOT NULL DEFAULT 0, "
                     "version bigint NOT NULL DEFAULT 1, "
                     "lock_mode text CHECK (lock_mode IN (%s))"
                     ") WITH (fillfactor = 50)",
                     schema, types.item_key, definition.prices ? "price " : "",
                     definition.prices ? types.money : "",
                     definition.prices ? psprintf(" NOT NULL %s, ", not_negative("price", types)) : "",
                     literals(lock_mode_names)));
    run_ddl(psprintf("COMMENT ON TABLE %s.item IS 'Things for sale'", schema));
}

void create_wallets(const char *schema, const CompanionTypes &types) {
    run_ddl(psprintf("CREATE TABLE %s.wallet ("
                     "id %s PRIMARY KEY, balance %s NOT NULL DEFAULT 0 %s"
                     ") WITH (fillfactor = 80)",
                     schema, types.wallet_key, types.money, not_negative("balance", types)));
    run_ddl(psprintf("COMMENT ON TABLE %s.wallet IS 'Balances of the buyers'", schema));
}

Oid owner_of_items(const RegistryRow &row, Stage stage) {
    const Oid owner = relation_owner(relation_named(row.item));
    if (!OidIsValid(owner))
        raise_invalid(draft_of(row.name, stage), psprintf("Table %s does not exist.", row.item));
    if (!has_privs_of_role(GetUserId(), owner))
        raise_invalid(draft_of(row.name, stage),
                      psprintf("Table %s belongs to role \"%s\", whose rights the caller does not have.",
                               row.item, GetUserNameFromId(owner, false)));
    return owner;
}

void give_schema(const char *name, Oid owner) {
    if (schema_owner(get_namespace_oid(name, false)) != owner)
        run_ddl(psprintf("ALTER SCHEMA %s OWNER TO %s", quote_identifier(name),
                         quote_identifier(GetUserNameFromId(owner, false))));
}

void require_argument(const char *argument, const char *given, const char *found) {
    if (strcmp(given, found) == 0) return;
    ereport(ERROR,
            (errcode(errcodes::bad_argument),
             errmsg("%s is %s, but the earlier tables of the store have %s", argument, given, found),
             errhint("Pass %s => '%s'.", argument, found)));
}

} // namespace
} // namespace vend
