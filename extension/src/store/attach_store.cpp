#include "base/prelude.hpp"

#include "store/attach_store.hpp"

#include "base/error_codes.hpp"
#include "shared/counters.hpp"
#include "store/as_role.hpp"
#include "store/binding.hpp"
#include "store/columns.hpp"
#include "store/companions.hpp"
#include "store/new_store.hpp"
#include "store/ownership.hpp"

namespace vend {
namespace {

[[noreturn]] void raise_bad_argument(const char *message, const char *hint) {
    ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("%s", message), errhint("%s", hint)));
    pg_unreachable();
}

// Whoever binds a table lets the engine write to it in the name of its owner.
void require_owned(Oid relation) {
    if (!has_privs_of_role(GetUserId(), relation_owner(relation)))
        ereport(ERROR, (errcode(errcodes::not_permitted),
                        errmsg("must be owner of table %s", relation_label(relation))));
}

char *primary_key(Relation relation, const char *argument) {
    const Oid id = RelationGetPrimaryKeyIndex(relation);
    Relation index = OidIsValid(id) ? index_open(id, AccessShareLock) : nullptr;
    if (index == nullptr || index->rd_index->indnkeyatts != 1)
        raise_bad_argument(
            psprintf("table \"%s\" has no primary key of one column",
                     relation_label(RelationGetRelid(relation))),
            psprintf("Name a column that has a unique index of its own: %s => '...'. Where "
                     "only several columns together are unique, add a surrogate key.",
                     argument));
    char *name = get_attname(RelationGetRelid(relation), index->rd_index->indkey.values[0], false);
    index_close(index, AccessShareLock);
    return name;
}

// What the argument says becomes of the column: nothing new, none, or this one.
void change_column(char **column, const char *argument) {
    if (argument == nullptr) return;
    *column = argument[0] == '\0' ? nullptr : pstrdup(argument);
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

void change_row(RegistryRow *row, const Attachment &to) {
    change_table(&row->item, &row->item_key, to.items, to.item_key, "item_key");
    change_table(&row->wallet, &row->wallet_key, to.wallets, to.wallet_key, "wallet_key");
    change_column(&row->stock, to.stock);
    change_column(&row->price, to.price);
    change_column(&row->balance, to.balance);
    change_column(&row->stock_version, to.stock_version);
    change_column(&row->version, to.version);
    change_column(&row->lock_mode, to.lock_mode);
    if (to.direct_writes != nullptr) row->direct_writes = pstrdup(to.direct_writes);
    if (row->stock == nullptr)
        raise_bad_argument("stock must not be empty", "Name the column of the units left.");
    if ((row->wallet == nullptr) != (row->balance == nullptr))
        raise_bad_argument("wallets and balance go together",
                           "Name both, or neither where payment happens elsewhere.");
    if (row->wallet != nullptr && strcmp(row->wallet, row->item) == 0)
        raise_bad_argument("items and wallets must be two tables",
                           "A sale moves units of one and money of the other.");
}

// The lock that a trigger takes; a column takes the strongest, and so does a trigger that goes. Whoever
// took that one later would wait for a reader, and the reader for him where he attaches them, too.
LOCKMODE lock_for(const Attachment &to) {
    return to.add_columns || has_relation(to.name, "ledger") ? AccessExclusiveLock
                                                             : ShareRowExclusiveLock;
}

void lock_table(Oid relation, LOCKMODE mode) {
    if (OidIsValid(relation)) table_close(table_open(relation, mode), NoLock);
}

void add_column(const char *table, const char *column, const char *definition) {
    if (column == nullptr || get_attnum(relation_named(table), column) > 0) return;
    run_ddl(psprintf("ALTER TABLE %s ADD COLUMN %s %s", table, quote_identifier(column), definition));
}

// None of them rewrites or reads the table.
void add_columns(const RegistryRow &row) {
    add_column(row.item, row.stock_version, "bigint NOT NULL DEFAULT 0");
    add_column(row.item, row.version, "bigint NOT NULL DEFAULT 1");
    if (row.lock_mode == nullptr || get_attnum(relation_named(row.item), row.lock_mode) > 0) return;
    add_column(row.item, row.lock_mode, "text");
    run_ddl(psprintf("ALTER TABLE %s ADD CHECK (%s IN ('atomic', 'pessimistic', 'optimistic', "
                     "'escrow')) NOT VALID",
                     row.item, quote_identifier(row.lock_mode)));
}

// The money of a column: all that has its decimals, whatever its own range.
const char *money_sql(const Store &draft, const char *table, const char *column) {
    Relation relation = table_open(relation_named(table), NoLock);
    const int decimals = bind_number(draft, relation, column).figures.decimals;
    table_close(relation, NoLock);
    return decimals == 0 ? "bigint" : psprintf("numeric(18,%d)", decimals);
}

CompanionTypes types_for(const RegistryRow &row, const Attachment &to) {
    Store draft;
    draft.context = CurrentMemoryContext;
    draft.name = row.name;
    draft.is_new = true;
    CompanionTypes types{};
    types.item_key = kept_key_sql(relation_named(row.item), row.item_key);
    const Oid ledger = relation_named(row.ledger);
    if (row.wallet != nullptr)
        types.wallet_key = kept_key_sql(relation_named(row.wallet), row.wallet_key);
    else if (OidIsValid(to.wallet_key_type))
        types.wallet_key = format_type_be_qualified(to.wallet_key_type);
    else
        types.wallet_key = OidIsValid(ledger) ? column_sql(ledger, "wallet")
                                              : "pg_catalog.text COLLATE pg_catalog.\"C\"";
    if (to.money_type != nullptr)
        types.money = to.money_type;
    else if (row.balance != nullptr)
        types.money = money_sql(draft, row.wallet, row.balance);
    else if (row.price != nullptr)
        types.money = money_sql(draft, row.item, row.price);
    else
        types.money = OidIsValid(ledger) ? column_sql(ledger, "amount") : "bigint";
    return types;
}

// As the owner of the tables: companions, triggers, and the whole binding once, so that whatever is
// wrong with it is said now.
void bind_tables(const RegistryRow &row, const Attachment &to) {
    as_role(relation_owner(relation_named(row.item)), [&] {
        if (to.add_columns) add_columns(row);
        const CompanionTypes types = types_for(row, to);
        retype_companions(row, row.name, types);
        create_companions(row.name, types);
        create_triggers(row);
    });
    insert_registry(row);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "pg_vend draft", ALLOCSET_SMALL_SIZES);
    Store draft;
    draft.context = context;
    draft.is_new = true;
    as_role(relation_owner(relation_named(row.item)), [&] { resolve_binding(row, &draft); });
    MemoryContextDelete(context);
}

// A row whose binding ends here. Nobody else has a call under way when it is back.
void unbind(const RegistryRow &row) {
    // First, so that of two who detach one store at once the second waits here and finds it gone.
    if (!delete_registry(row.name)) raise_unknown_store(row.name);
    const Oid items = relation_named(row.item);
    if (OidIsValid(items) && has_pending(items))
        ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
                        errmsg("this transaction has itself moved units of escrow items of store \"%s\"",
                               row.name),
                        errhint("Commit first.")));
    lock_bound(row, AccessExclusiveLock);
    drop_triggers(row);
}

} // namespace

void attach_store(const Attachment &attachment) {
    require_store_name(attachment.name);
    require_direct_writes(attachment.direct_writes);
    for (const Oid table : {attachment.items, attachment.wallets})
        if (OidIsValid(table)) require_owned(table);
    // In the order in which every call locks them.
    lock_table(attachment.items, lock_for(attachment));
    lock_table(attachment.wallets, lock_for(attachment));
    forget_dropped_store(attachment.name); // somebody else may have bound them while this call waited
    provide_schema(attachment.name, relation_owner(attachment.items));
    RegistryRow row;
    row.name = pstrdup(attachment.name);
    const char *schema = quote_identifier(row.name);
    row.ledger = psprintf("%s.ledger", schema);
    row.delta = psprintf("%s.stock_delta", schema);
    row.role = psprintf("%s.role", schema);
    row.creator = GetUserNameFromId(GetUserId(), false);
    change_row(&row, attachment);
    require_unbound(row);
    if (has_relation(row.name, "ledger"))
        take_over(row);
    else
        drop_triggers(row);
    bind_tables(row, attachment);
}

void reattach_store(const Attachment &attachment) {
    if (attachment.direct_writes != nullptr) require_direct_writes(attachment.direct_writes);
    RegistryRow row = own_store(attachment.name);
    for (const Oid table : {attachment.items, attachment.wallets})
        if (OidIsValid(table)) require_owned(table);
    unbind(row);
    lock_table(attachment.items, AccessExclusiveLock);
    lock_table(attachment.wallets, AccessExclusiveLock);
    change_row(&row, attachment);
    require_unbound(row);
    bind_tables(row, attachment);
}

void detach_store(const char *name) {
    const RegistryRow row = own_store(name);
    unbind(row);
    settle_unbound(row);
}

} // namespace vend
