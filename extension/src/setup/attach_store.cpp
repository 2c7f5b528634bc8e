#include "base/prelude.hpp"

#include "setup/attach_store.hpp"

#include "base/error_codes.hpp"
#include "binding/binding.hpp"
#include "binding/columns.hpp"
#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "binding/registry.hpp"
#include "binding/store.hpp"
#include "binding/store_columns.hpp"
#include "core/lock_mode.hpp"
#include "setup/companion_tables.hpp"
#include "setup/ddl.hpp"
#include "setup/detach_store.hpp"
#include "setup/draft.hpp"
#include "setup/ownership.hpp"
#include "setup/store_options.hpp"
#include "setup/store_schema.hpp"
#include "setup/store_triggers.hpp"
#include "setup/take_over.hpp"
#include "table/as_role.hpp"
#include "table/catalog.hpp"

#include <algorithm>
#include <span>

namespace vend {
namespace {

// The steps. Their bodies follow the public functions.

void require_table_named(const Attachment &attachment);
// Whoever binds a table lets the engine write to it with the rights of its owner.
void require_owned(Oid relation);
// In the order in which each call locks them.
void lock_tables(const Attachment &to, LOCKMODE mode);
// CREATE TRIGGER takes the weaker lock; ADD COLUMN and DROP TRIGGER take the strongest. To take the
// strongest one later would be an upgrade, in which two callers who attach the tables can deadlock.
LOCKMODE lock_for(const Attachment &to);
void change_row(RegistryRow *row, const Attachment &to);
// A relation with one of these names that no store has made belongs to somebody else.
void require_free_names(const char *schema);
// Makes the companion tables and the triggers as the owner of the tables, and resolves the whole binding
// once, so that a fault in it is raised now.
void bind_tables(const RegistryRow &row, const Attachment &to);

} // namespace

void attach_store(const Attachment &attachment) {
    require_store_name(attachment.name);
    require_direct_writes(attachment.direct_writes);
    require_buyers(attachment.buyers);
    require_rls(attachment.rls);
    require_unlimited(attachment.unlimited);
    require_table_named(attachment);
    for (const Oid table : {attachment.items, attachment.wallets})
        if (OidIsValid(table)) require_owned(table);
    lock_tables(attachment, lock_for(attachment));
    forget_dropped_store(attachment.name); // another call may have bound them while this one waited
    provide_schema(attachment.name,
                   relation_owner(OidIsValid(attachment.items) ? attachment.items : attachment.wallets));
    RegistryRow row;
    row.name = pstrdup(attachment.name);
    const char *schema = quote_identifier(row.name);
    row.ledger = psprintf("%s.ledger", schema);
    row.delta = psprintf("%s.stock_delta", schema);
    row.role = psprintf("%s.role", schema);
    row.creator = GetUserNameFromId(GetUserId(), false);
    change_row(&row, attachment);
    require_unbound(row);
    if (has_relation(row.name, "ledger")) {
        take_over(row);
    } else {
        require_free_names(row.name);
        drop_triggers(row);
    }
    bind_tables(row, attachment);
}

void reattach_store(const Attachment &attachment) {
    if (attachment.direct_writes != nullptr) require_direct_writes(attachment.direct_writes);
    if (attachment.buyers != nullptr) require_buyers(attachment.buyers);
    if (attachment.rls != nullptr) require_rls(attachment.rls);
    require_unlimited(attachment.unlimited);
    RegistryRow row = own_store(attachment.name);
    for (const Oid table : {attachment.items, attachment.wallets})
        if (OidIsValid(table)) require_owned(table);
    // A store without its ledger would forget every id.
    if (!OidIsValid(relation_named(row.ledger)))
        raise_invalid(draft_of(row.name, Stage::attaching),
                      psprintf("Table %s does not exist.", row.ledger));
    end_binding(row);
    lock_tables(attachment, AccessExclusiveLock);
    row.creator = GetUserNameFromId(GetUserId(), false); // the role that made it may be gone
    change_row(&row, attachment);
    require_unbound(row);
    bind_tables(row, attachment);
}

namespace {

void require_owned(Oid relation) {
    if (!OidIsValid(relation_owner(relation)))
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("there is no table of oid %u", relation)));
    if (!has_privs_of_role(GetUserId(), relation_owner(relation)))
        ereport(ERROR, (errcode(errcodes::not_permitted),
                        errmsg("must be owner of table %s", relation_label(relation))));
}

// Checks the table before CREATE TRIGGER does, whose error would say nothing about stores.
void lock_table(const char *store, Oid id, LOCKMODE mode) {
    if (!OidIsValid(id)) return;
    Relation relation = relation_open(id, mode);
    require_table(draft_of(store, Stage::attaching), relation, true);
    relation_close(relation, NoLock);
}

void lock_tables(const Attachment &to, LOCKMODE mode) {
    lock_table(to.name, to.items, mode);
    lock_table(to.name, to.wallets, mode);
}

LOCKMODE lock_for(const Attachment &to) {
    return to.add_columns || has_relation(to.name, "ledger") ? AccessExclusiveLock
                                                             : ShareRowExclusiveLock;
}

// null keeps the column as it is, an empty name unbinds it, and any other name binds that column.
void change_column(char **column, const char *argument) {
    if (argument == nullptr) return;
    *column = argument[0] == '\0' ? nullptr : pstrdup(argument);
}

[[noreturn]] void raise_bad_argument(const char *message, const char *hint) {
    ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("%s", message), errhint("%s", hint)));
    pg_unreachable();
}

void require_table_named(const Attachment &attachment) {
    if (!OidIsValid(attachment.items) && !OidIsValid(attachment.wallets))
        raise_bad_argument("items or wallets must be named",
                           "Name a table of items, of wallets, or both.");
}

char *primary_key(Relation relation, const char *argument) {
    const AttrNumber column = primary_key_column(relation);
    if (column == InvalidAttrNumber)
        raise_bad_argument(
            psprintf("table \"%s\" has no primary key of one column",
                     relation_label(RelationGetRelid(relation))),
            psprintf("Name a column that has a unique index of its own: %s => '...'. Where "
                     "only several columns together are unique, add a surrogate key.",
                     argument));
    return get_attname(RelationGetRelid(relation), column, false);
}

void change_table(char **table, char **key, Oid relation_id, const char *key_argument,
                  const char *argument_name) {
    Relation relation = nullptr;
    if (OidIsValid(relation_id)) {
        relation = table_open(relation_id, NoLock);
        *table = quoted_relation_name(relation);
    }
    change_column(key, key_argument);
    if (*key == nullptr && relation != nullptr) *key = primary_key(relation, argument_name);
    if (relation != nullptr) table_close(relation, NoLock);
}

// A column with two roles would be written for each of them.
void require_different(const RegistryRow &row, std::span<const StoreColumn> columns) {
    for (const StoreColumn *a = columns.data(); a != columns.data() + columns.size(); ++a)
        for (const StoreColumn *b = columns.data(); b != a; ++b)
            if (row.*a->name != nullptr && row.*b->name != nullptr &&
                strcmp(row.*a->name, row.*b->name) == 0)
                raise_bad_argument(psprintf("column \"%s\" is named twice", row.*a->name),
                                   "Each column plays one part in a store.");
}

void change_columns(RegistryRow *row, const RegistryRow &to, std::span<const StoreColumn> columns) {
    for (const StoreColumn &column : columns)
        if (column.kind != ColumnKind::key) change_column(&(row->*column.name), to.*column.name);
}

bool is_same_relation(const char *a, const char *b) {
    return OidIsValid(relation_named(a)) && relation_named(a) == relation_named(b);
}

bool is_any_named(const RegistryRow &row, std::span<const StoreColumn> columns) {
    return std::ranges::any_of(columns,
                               [&](const StoreColumn &column) { return row.*column.name != nullptr; });
}

void change_row(RegistryRow *row, const Attachment &to) {
    change_table(&row->item, &row->item_key, to.items, to.columns.item_key, "item_key");
    change_table(&row->wallet, &row->wallet_key, to.wallets, to.columns.wallet_key, "wallet_key");
    change_columns(row, to.columns, item_columns);
    change_columns(row, to.columns, wallet_columns);
    if (to.direct_writes != nullptr) row->direct_writes = pstrdup(to.direct_writes);
    if (to.buyers != nullptr) row->buyers = pstrdup(to.buyers);
    if (to.rls != nullptr) row->rls = pstrdup(to.rls);
    change_column(&row->unlimited, to.unlimited);
    if (row->item != nullptr && row->item_key == nullptr)
        raise_bad_argument("item_key must not be empty", "Name the column that identifies an item.");
    if (row->wallet != nullptr && row->wallet_key == nullptr)
        raise_bad_argument("wallet_key must not be empty", "Name the column that identifies a buyer.");
    if (row->item != nullptr && row->stock == nullptr)
        raise_bad_argument("stock must not be empty", "Name the column of the units left.");
    if (row->item == nullptr && is_any_named(*row, item_columns))
        raise_bad_argument("items must be named", "The call names a column of a table of items.");
    if ((row->wallet == nullptr) != (row->balance == nullptr) ||
        (row->wallet == nullptr && is_any_named(*row, wallet_columns)))
        raise_bad_argument("wallets and balance go together",
                           "Name both, or neither where payment happens elsewhere.");
    if (row->item_currency != nullptr && row->wallet_currency == nullptr)
        raise_bad_argument("item_currency needs wallet_currency",
                           "A sale compares the two; name the column of the wallets, too.");
    require_different(*row, item_columns);
    require_different(*row, wallet_columns);
    if (row->wallet != nullptr && is_same_relation(row->wallet, row->item))
        raise_bad_argument("items and wallets must be two tables",
                           "A sale moves units of one and money of the other.");
}

void require_free_names(const char *schema) {
    for (const char *relation : {"stock_delta", "holding", "role"})
        if (has_relation(schema, relation))
            ereport(ERROR, (errcode(ERRCODE_DUPLICATE_TABLE),
                            errmsg("schema \"%s\" already has a relation \"%s\"", schema, relation),
                            errhint("Rename or drop it, or choose another name for the store.")));
}

// Only leaf partitions have rows. What a partitioned table in between is like does not matter.
void require_leaves(const char *store, Oid table, LOCKMODE mode) {
    if (get_rel_relkind(table) != RELKIND_PARTITIONED_TABLE) return;
    ListCell *cell = nullptr;
    foreach (cell, find_all_inheritors(table, mode, nullptr)) {
        Relation partition = table_open(lfirst_oid(cell), NoLock);
        if (partition->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
            require_table(draft_of(store, Stage::attaching), partition, false);
        table_close(partition, NoLock);
    }
}

// The tables must exist, be fit to sell from, and have one owner.
void require_tables(const RegistryRow &row, LOCKMODE mode) {
    for (const char *table : {row.item, row.wallet}) {
        if (table == nullptr) continue;
        const Oid id = relation_named(table);
        if (!OidIsValid(id))
            raise_invalid(draft_of(row.name, Stage::attaching),
                          psprintf("Table %s does not exist.", table));
        require_leaves(row.name, id, mode);
    }
    if (row.wallet == nullptr || row.item == nullptr) return;
    const Oid wallets = relation_named(row.wallet);
    if (relation_owner(wallets) != relation_owner(relation_named(row.item)))
        raise_invalid(draft_of(row.name, Stage::attaching),
                      psprintf("\"%s\" and the table of items do not have the same owner.",
                               relation_label(wallets)));
}

// None of these statements rewrites or reads the table.
void add_columns(const RegistryRow &row, const char *table, std::span<const StoreColumn> columns) {
    for (const StoreColumn &column : columns) {
        const char *name = row.*column.name;
        if (column.added_as == nullptr || name == nullptr) continue;
        if (get_attnum(relation_named(table), name) > 0) continue;
        run_ddl(
            psprintf("ALTER TABLE %s ADD COLUMN %s %s", table, quote_identifier(name), column.added_as));
        if (column.kind == ColumnKind::lock_mode)
            run_ddl(psprintf("ALTER TABLE %s ADD CHECK (%s IN (%s)) NOT VALID", table,
                             quote_identifier(name), literals(lock_mode_names)));
    }
}

NumberType figures_of(const Binding &draft, const char *table, const char *column) {
    Relation relation = table_open(relation_named(table), NoLock);
    const NumberType figures = bind_money(draft, relation, column).figures;
    table_close(relation, NoLock);
    return figures;
}

// Not each number of a wide column can be counted. So the call says how the store counts money, unless
// the store has a ledger that says so.
void require_money_type(const RegistryRow &row, const Attachment &to) {
    if (to.money_type != nullptr || OidIsValid(relation_named(row.ledger))) return;
    struct Column {
        const char *table;
        const char *name;
    };
    const Binding draft = draft_of(row.name, Stage::attaching);
    for (const Column &column : {Column{row.item, row.price}, Column{row.wallet, row.balance}})
        if (column.name != nullptr && figures_of(draft, column.table, column.name).is_wide)
            raise_invalid(draft,
                          psprintf("Column \"%s\" of table %s can have more than 18 digits.",
                                   column.name, column.table),
                          "Say how the store counts money, with at most 18 digits: money_type => "
                          "'numeric(18,2)'. What does not fit is refused.");
}

// The money type of a ledger for such a column: the widest type with its decimals. The type of an
// existing ledger stays where it is wide enough.
const char *money_for(const Binding &draft, const RegistryRow &row, const char *table,
                      const char *column) {
    const NumberType figures = figures_of(draft, table, column);
    const Oid ledger = relation_named(row.ledger);
    if (OidIsValid(ledger)) {
        LockRelationOid(ledger, AccessShareLock);
        const NumberType money = figures_of(draft, row.ledger, "amount");
        const bool is_balance = row.balance != nullptr;
        if (figures.is_wide) return column_sql(ledger, "amount");
        if (money.max >= in_steps_of(figures, money.scale).max &&
            (money.decimals == figures.decimals || (!is_balance && money.decimals > figures.decimals)))
            return column_sql(ledger, "amount");
    }
    return figures.decimals == 0 ? "bigint" : psprintf("numeric(18,%d)", figures.decimals);
}

CompanionTypes types_for(const RegistryRow &row, const Attachment &to) {
    const Binding draft = draft_of(row.name, Stage::attaching);
    CompanionTypes types{};
    constexpr const char *text = "pg_catalog.text COLLATE pg_catalog.\"C\"";
    const Oid ledger = relation_named(row.ledger);
    if (row.item != nullptr)
        types.item_key = kept_key_sql(relation_named(row.item), row.item_key);
    else
        types.item_key = OidIsValid(ledger) ? column_sql(ledger, "item") : text;
    if (row.wallet != nullptr)
        types.wallet_key = kept_key_sql(relation_named(row.wallet), row.wallet_key);
    else if (OidIsValid(to.wallet_key_type) && !is_key_type(getBaseType(to.wallet_key_type)))
        raise_bad_argument(
            psprintf("wallet_key_type cannot be %s", format_type_be(to.wallet_key_type)),
            "Keys are integers, uuid, text, varchar, character, citext, enums and domains over these.");
    else if (OidIsValid(to.wallet_key_type))
        types.wallet_key = kept_type_sql(getBaseType(to.wallet_key_type));
    else
        types.wallet_key = OidIsValid(ledger) ? column_sql(ledger, "wallet") : text;
    require_money_type(row, to);
    if (to.money_type != nullptr)
        types.money = money_type_sql(to.money_type);
    else if (row.balance != nullptr)
        types.money = money_for(draft, row, row.wallet, row.balance);
    else if (row.price != nullptr)
        types.money = money_for(draft, row, row.item, row.price);
    else
        types.money = OidIsValid(ledger) ? column_sql(ledger, "amount") : "bigint";
    return types;
}

void bind_tables(const RegistryRow &row, const Attachment &to) {
    require_tables(row, lock_for(to));
    as_role(relation_owner(relation_named(main_table(row))), [&] {
        if (to.add_columns) {
            if (row.item != nullptr) add_columns(row, row.item, item_columns);
            if (row.wallet != nullptr) add_columns(row, row.wallet, wallet_columns);
        }
        const CompanionTypes types = types_for(row, to);
        retype_companions(row, row.name, types);
        give_relations(create_companions(row.name, types), GetUserId());
        require_relations(row, Stage::attaching);
        settle_unbound(row);
        create_triggers(row);
    });
    insert_registry(row);
    require_bindable(row, Stage::attaching);
}

} // namespace
} // namespace vend
