#include "base/prelude.hpp"

#include "store/binding.hpp"

#include "base/compat.hpp"
#include "base/error_codes.hpp"

#include <algorithm>
#include <initializer_list>

namespace vend {
namespace {

// What one trigger each must cover.
constexpr std::initializer_list<int16> journal_events{TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT |
                                                          TRIGGER_TYPE_DELETE | TRIGGER_TYPE_UPDATE,
                                                      TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_TRUNCATE};
constexpr std::initializer_list<int16> item_counter_events{TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT |
                                                           TRIGGER_TYPE_DELETE | TRIGGER_TYPE_UPDATE};
constexpr std::initializer_list<int16> delta_events{TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT |
                                                        TRIGGER_TYPE_DELETE | TRIGGER_TYPE_UPDATE,
                                                    TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_TRUNCATE};
constexpr int16 event_mask =
    TRIGGER_TYPE_INSERT | TRIGGER_TYPE_DELETE | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_TRUNCATE;
// For each row: a statement on a parent table fires no statement trigger of its children.
constexpr std::initializer_list<int16> ledger_events{TRIGGER_TYPE_ROW | TRIGGER_TYPE_BEFORE |
                                                         TRIGGER_TYPE_DELETE | TRIGGER_TYPE_UPDATE,
                                                     TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_TRUNCATE};

[[noreturn]] void raise_invalid(const char *store, const char *detail) {
    ereport(ERROR, (errcode(errcodes::not_in_state),
                    errmsg("the binding of store \"%s\" is not valid", store), errdetail("%s", detail),
                    errhint("Undo the change, or end the binding with vend.detach_store().")));
    pg_unreachable();
}

// The trigger function of ours, which is looked up before a relation's triggers are: a look-up can
// rebuild the description of the relation.
Oid trigger_function(const char *name) {
    List *names = list_make2(makeString(pstrdup("vend")), makeString(pstrdup(name)));
    return LookupFuncName(names, 0, nullptr, false);
}

// A journal that fires always would record what replication applies a second time.
bool is_enabled(const Trigger &trigger, bool is_journal) {
    return trigger.tgenabled == TRIGGER_FIRES_ON_ORIGIN ||
           (trigger.tgenabled == TRIGGER_FIRES_ALWAYS && !is_journal);
}

// Whether the relation carries exactly one trigger of this function, for this store, that covers all
// these events and is enabled: a second one would journal everything twice.
bool has_trigger(Relation relation, Oid function, bool is_journal, const char *store, int16 type) {
    const TriggerDesc *triggers = relation->trigdesc;
    if (triggers == nullptr) return false;
    int fitting = 0;
    int similar = 0;
    for (int i = 0; i < triggers->numtriggers; ++i) {
        const Trigger &trigger = triggers->triggers[i];
        if (trigger.tgfoid != function || (trigger.tgtype & type & event_mask) == 0) continue;
        ++similar;
        if ((trigger.tgtype & type) == type && is_enabled(trigger, is_journal) &&
            trigger.tgqual == nullptr && trigger.tgnattr == 0 && trigger.tgnargs == 1 &&
            strcmp(trigger.tgargs[0], store) == 0)
            ++fitting;
    }
    return fitting == 1 && similar == 1;
}

// Before version 18 a deferred trigger fires as the user who commits, who is not the owner but a
// customer.
bool has_deferrable_trigger(Relation relation) {
    if (!compat::deferred_triggers_run_as_committer || relation->trigdesc == nullptr) return false;
    for (int i = 0; i < relation->trigdesc->numtriggers; ++i) {
        const Trigger &trigger = relation->trigdesc->triggers[i];
        if (trigger.tgdeferrable && !trigger.tgisinternal) return true;
    }
    return false;
}

// Opens the relation that the name means once the lock is held.
Relation open_named(const Store &store, const char *quoted_name) {
    for (;;) {
        const Oid id = relation_named(quoted_name);
        Relation relation = OidIsValid(id) ? try_relation_open(id, RowExclusiveLock) : nullptr;
        if (relation_named(quoted_name) == id) {
            if (relation != nullptr) return relation;
            raise_invalid(store.name, psprintf("Table %s does not exist.", quoted_name));
        }
        if (relation != nullptr) relation_close(relation, NoLock);
        CHECK_FOR_INTERRUPTS();
    }
}

void require_triggers_of(const Store &store, Relation relation, const char *function, Oid function_id,
                         std::initializer_list<int16> types) {
    for (const int16 type : types)
        if (!has_trigger(relation, function_id, strcmp(function, "journal") == 0, store.name, type))
            raise_invalid(store.name, psprintf("Table %s does not carry exactly one enabled trigger "
                                               "vend.%s() of this store.",
                                               quote_qualified_identifier(
                                                   get_namespace_name(RelationGetNamespace(relation)),
                                                   RelationGetRelationName(relation)),
                                               function));
}

// A relation of a store, opened and checked.
Relation open_bound(const Store &store, const char *quoted_name, const char *function,
                    std::initializer_list<int16> types) {
    const Oid function_id = trigger_function(function);
    Relation relation = open_named(store, quoted_name);

    if (relation->rd_rel->relkind != RELKIND_RELATION ||
        relation->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT)
        raise_invalid(store.name, psprintf("%s is not a permanent table.", quoted_name));
    if (find_inheritance_children(RelationGetRelid(relation), NoLock) != NIL)
        raise_invalid(store.name, psprintf("Table %s has child tables.", quoted_name));
    if (has_deferrable_trigger(relation))
        raise_invalid(store.name, psprintf("Table %s has a deferrable trigger, which would run with the "
                                           "rights of whoever commits.",
                                           quoted_name));
    require_triggers_of(store, relation, function, function_id, types);
    return relation;
}

// Replication and rewrites of the table's contents fire only triggers that fire always.
bool fires_always(Relation relation, Oid function) {
    for (int i = 0; i < relation->trigdesc->numtriggers; ++i) {
        const Trigger &trigger = relation->trigdesc->triggers[i];
        if (trigger.tgfoid == function && trigger.tgenabled != TRIGGER_FIRES_ALWAYS &&
            TRIGGER_FOR_ROW(trigger.tgtype))
            return false;
    }
    return true;
}

// Who each row trigger of ours is, and who wrote it, in the order of their names.
uint32 *add_trigger_states(Relation relation, std::initializer_list<Oid> functions, uint32 *state,
                           const uint32 *end) {
    Relation catalog = table_open(TriggerRelationId, AccessShareLock);
    ScanKeyData condition;
    ScanKeyInit(&condition, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(RelationGetRelid(relation)));
    SysScanDesc scan =
        systable_beginscan(catalog, TriggerRelidNameIndexId, true, nullptr, 1, &condition);
    while (HeapTuple tuple = systable_getnext(scan)) {
        const auto *trigger = reinterpret_cast<Form_pg_trigger>(GETSTRUCT(tuple));
        if (!TRIGGER_FOR_ROW(trigger->tgtype) ||
            std::ranges::find(functions, trigger->tgfoid) == functions.end() || state + 2 > end)
            continue;
        *state++ = trigger->oid;
        *state++ = HeapTupleHeaderGetRawXmin(tuple->t_data);
    }
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    return state;
}

bool is_over(const FormData_pg_index *index, std::initializer_list<AttrNumber> columns) {
    if (!index->indisvalid || index->indnkeyatts != static_cast<int16>(columns.size())) return false;
    int position = 0;
    for (const AttrNumber column : columns)
        if (index->indkey.values[position++] != column) return false;
    return true;
}

// Whether the index tells keys apart as the columns do.
bool has_column_collations(Relation relation, Relation index) {
    for (int i = 0; i < index->rd_index->indnkeyatts; ++i) {
        const AttrNumber number = index->rd_index->indkey.values[i];
        if (number > 0 && TupleDescAttr(RelationGetDescr(relation), number - 1)->attcollation !=
                              index->rd_indcollation[i])
            return false;
    }
    return true;
}

bool is_btree(Relation index) {
    return index->rd_rel->relam == BTREE_AM_OID;
}

// An index of these columns, and of all rows.
Oid find_index(Relation relation, std::initializer_list<AttrNumber> columns, bool is_unique) {
    Oid found = InvalidOid;
    ListCell *cell = nullptr;
    foreach (cell, RelationGetIndexList(relation)) {
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        const bool is_key = index->rd_index->indisunique && index->rd_index->indimmediate;
        if ((is_key || !is_unique) && is_btree(index) && is_over(index->rd_index, columns) &&
            has_column_collations(relation, index) &&
            heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, nullptr) &&
            heap_attisnull(index->rd_indextuple, Anum_pg_index_indexprs, nullptr))
            found = RelationGetRelid(index);
        index_close(index, AccessShareLock);
    }
    return found;
}

// The index that makes these columns a key; one counter, one lock and one id each rest on it.
Oid require_unique(const Store &store, Relation relation, std::initializer_list<AttrNumber> columns) {
    const Oid found = find_index(relation, columns, true);
    if (!OidIsValid(found))
        raise_invalid(store.name, psprintf("Table \"%s\" has no unique index on its key.",
                                           relation_label(RelationGetRelid(relation))));
    return found;
}

struct ColumnType {
    Oid type = InvalidOid;
    int32 typmod = -1;
};

BoundColumn bind_column(const Store &store, Relation relation, const char *name, ColumnType *type) {
    const AttrNumber number = get_attnum(RelationGetRelid(relation), name);
    if (number <= 0)
        raise_invalid(store.name, psprintf("Table \"%s\" has no column \"%s\".",
                                           relation_label(RelationGetRelid(relation)), name));
    const Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), number - 1);
    *type = {attribute->atttypid, attribute->atttypmod};
    return {MemoryContextStrdup(store.context, quote_identifier(name)),
            MemoryContextStrdup(store.context, name), number};
}

// Columns that the engine writes.
void require_writable(const Store &store, Relation relation,
                      std::initializer_list<const char *> columns) {
    for (const char *column : columns) {
        const AttrNumber number = get_attnum(RelationGetRelid(relation), column);
        const Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), number - 1);
        if (attribute->attgenerated != '\0' || attribute->attidentity == ATTRIBUTE_IDENTITY_ALWAYS)
            raise_invalid(store.name, psprintf("Column \"%s\" of table \"%s\" is generated.", column,
                                               relation_label(RelationGetRelid(relation))));
    }
}

BoundColumn bind_typed(const Store &store, Relation relation, const char *name, Oid wanted) {
    ColumnType type;
    const BoundColumn column = bind_column(store, relation, name, &type);
    if (type.type != wanted || type.typmod != -1)
        raise_invalid(store.name, psprintf("Column \"%s\" of table \"%s\" is of type %s, not %s.", name,
                                           relation_label(RelationGetRelid(relation)),
                                           format_type_with_typemod(type.type, type.typmod),
                                           format_type_be(wanted)));
    return column;
}

BoundColumn bind_money(Store *store, Relation relation, const char *name) {
    ColumnType type;
    const BoundColumn column = bind_column(*store, relation, name, &type);
    const auto money = money_type_of(type.type, type.typmod);
    if (!money || (OidIsValid(store->money.type) && *money != store->money))
        raise_invalid(store->name,
                      psprintf("Column \"%s\" of table \"%s\" is of type %s, which is not the money of "
                               "this store.",
                               name, relation_label(RelationGetRelid(relation)),
                               format_type_with_typemod(type.type, type.typmod)));
    store->money = *money;
    return column;
}

BoundColumn bind_key(const Store &store, Relation relation, const char *name, KeyType *key) {
    ColumnType type;
    const BoundColumn column = bind_column(store, relation, name, &type);
    if (!is_key_type(type.type) || (OidIsValid(key->type) && key->type != type.type))
        raise_invalid(store.name,
                      psprintf("Column \"%s\" of table \"%s\" is of type %s, which is not the key type "
                               "of this store.",
                               name, relation_label(RelationGetRelid(relation)),
                               format_type_be(type.type)));
    // Keys are told apart by their bytes.
    const Oid collation = TupleDescAttr(RelationGetDescr(relation), column.number - 1)->attcollation;
    if (OidIsValid(collation) && !get_collation_isdeterministic(collation))
        raise_invalid(
            store.name,
            psprintf("Column \"%s\" of table \"%s\" has a collation that is not deterministic.", name,
                     relation_label(RelationGetRelid(relation))));
    if (!OidIsValid(key->type)) *key = key_type_of(type.type, store.context);
    return column;
}

char *quoted_relation_name(const Store &store, Relation relation) {
    return MemoryContextStrdup(
        store.context, quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
                                                  RelationGetRelationName(relation)));
}

// The statements of the engine run as the owner.
void require_usable_schema(const Store &store, Relation relation) {
    const Oid schema = RelationGetNamespace(relation);
    if (!compat::may_use_schema(schema, relation->rd_rel->relowner))
        raise_invalid(store.name, psprintf("Role \"%s\" owns the tables but may not use schema \"%s\".",
                                           GetUserNameFromId(relation->rd_rel->relowner, false),
                                           get_namespace_name(schema)));
}

void require_owner(const Store &store, Relation relation) {
    if (relation->rd_rel->relowner != store.owner)
        raise_invalid(store.name, psprintf("\"%s\" and the table of items do not have the same owner.",
                                           relation_label(RelationGetRelid(relation))));
}

void bind_ledger(const RegistryRow &row, Store *store) {
    Relation ledger = open_bound(*store, row.ledger, "append_only", ledger_events);
    require_owner(*store, ledger);
    require_usable_schema(*store, ledger);
    store->ledger = quoted_relation_name(*store, ledger);
    AttrNumber *number = store->ledger_columns;
    const auto bind = [&](const char *name, Oid type) {
        *number++ = bind_typed(*store, ledger, name, type).number;
    };
    const auto bind_item_or_wallet = [&](const char *name, KeyType *type) {
        *number++ = bind_key(*store, ledger, name, type).number;
    };
    const auto bind_figure = [&](const char *name) {
        *number++ = bind_money(store, ledger, name).number;
    };
    bind("id", UUIDOID);
    bind("line", INT4OID);
    bind("kind", TEXTOID);
    bind_item_or_wallet("item", &store->item_type);
    bind("qty", INT8OID);
    bind_item_or_wallet("wallet", &store->buyer_type);
    bind_figure("amount");
    bind_figure("unit_price");
    bind("ref", UUIDOID);
    bind("at", TIMESTAMPTZOID);
    bind("refusal", TEXTOID);
    bind("refusal_qty", INT8OID);
    require_writable(*store, ledger,
                     {"id", "line", "kind", "item", "qty", "wallet", "amount", "unit_price", "ref", "at",
                      "refusal", "refusal_qty"});
    bind_table(&store->ledger_table, ledger,
               require_unique(*store, ledger, {store->ledger_columns[0], store->ledger_columns[1]}),
               store->context);
    relation_close(ledger, NoLock);
}

void bind_items(const RegistryRow &row, Store *store) {
    const Oid counter_function = trigger_function("counter");
    Relation items = open_bound(*store, row.item, "journal", journal_events);
    require_triggers_of(*store, items, "counter", counter_function, item_counter_events);
    store->owner = items->rd_rel->relowner;
    require_usable_schema(*store, items);
    store->items = quoted_relation_name(*store, items);
    store->item_key = bind_key(*store, items, row.item_key, &store->item_type);
    bind_table(&store->item_table, items, require_unique(*store, items, {store->item_key.number}),
               store->context);
    store->stock = bind_typed(*store, items, row.stock, INT8OID);
    if (row.price != nullptr) store->price = bind_money(store, items, row.price);
    store->stock_version = bind_typed(*store, items, row.stock_version, INT8OID);
    store->version = bind_typed(*store, items, row.version, INT8OID);
    store->lock_mode = bind_typed(*store, items, row.lock_mode, TEXTOID);
    require_writable(*store, items, {row.stock, row.stock_version, row.version});
    relation_close(items, NoLock);
}

int column_count(Relation relation) {
    int count = 0;
    for (int i = 0; i < RelationGetDescr(relation)->natts; ++i)
        if (!TupleDescAttr(RelationGetDescr(relation), i)->attisdropped) ++count;
    return count;
}

// What is not right with the tables for sales in escrow; null: nothing.
const char *escrow_problem(const Store &store, Relation items, Relation deltas) {
    const Oid counter_function = trigger_function("counter");
    const Oid delta_function = trigger_function("delta");
    if (!fires_always(items, counter_function) || !fires_always(deltas, delta_function))
        return psprintf(
            "A trigger of pg_vend does not fire always: ALTER TABLE %s ENABLE ALWAYS TRIGGER %s; "
            "ALTER TABLE %s ENABLE ALWAYS TRIGGER %s",
            store.items, counter_trigger, store.deltas, delta_trigger);
    constexpr AclMode needed = ACL_SELECT | ACL_INSERT | ACL_DELETE;
    if (!is_plain_table(deltas, {}, {&delta_function, 1}) || column_count(deltas) != 2 ||
        pg_class_aclmask(RelationGetRelid(deltas), store.owner, needed, ACLMASK_ALL) != needed)
        return psprintf(
            "Table %s must have the columns item and qty only, all privileges of its owner, and no "
            "trigger, rule, expression or check of his.",
            store.deltas);
    return nullptr;
}

void bind_deltas(const RegistryRow &row, Store *store) {
    const Oid journal_function = trigger_function("journal");
    const Oid counter_function = trigger_function("counter");
    const Oid delta_function = trigger_function("delta");
    Relation deltas = open_bound(*store, row.delta, "delta", delta_events);
    require_owner(*store, deltas);
    require_usable_schema(*store, deltas);
    store->deltas = quoted_relation_name(*store, deltas);
    store->delta_item = bind_key(*store, deltas, "item", &store->item_type).number;
    store->delta_qty = bind_typed(*store, deltas, "qty", INT8OID).number;
    require_writable(*store, deltas, {"item", "qty"});
    const Oid index = find_index(deltas, {store->delta_item}, false);
    if (!OidIsValid(index))
        raise_invalid(store->name, psprintf("Table %s has no index on its item.", row.delta));
    bind_table(&store->delta_table, deltas, index, store->context);

    store->delta_shape = shape_of(deltas);
    Relation items = table_open(store->item_table.relation, NoLock);
    TableState &state = store->table_state;
    state.items = store->item_table.relation;
    state.files = {compat::file_of(items), compat::file_of(deltas)};
    const AttrNumber columns[] = {store->item_key.number, store->stock.number, store->lock_mode.number,
                                  store->delta_item, store->delta_qty};
    std::ranges::copy(columns, state.columns.begin());
    uint32 *next = add_trigger_states(items, {journal_function, counter_function}, state.triggers.data(),
                                      state.triggers.data() + state.triggers.size());
    (void)add_trigger_states(deltas, {delta_function}, next,
                             state.triggers.data() + state.triggers.size());
    if (const char *problem = escrow_problem(*store, items, deltas))
        store->escrow_problem = MemoryContextStrdup(store->context, problem);
    else
        compile_checks(&store->delta_table, deltas, store->context);
    table_close(items, NoLock);
    relation_close(deltas, NoLock);
}

void bind_wallets(const RegistryRow &row, Store *store) {
    if (row.wallet == nullptr) return;
    Relation wallets = open_bound(*store, row.wallet, "journal", journal_events);
    require_owner(*store, wallets);
    require_usable_schema(*store, wallets);
    store->wallets = quoted_relation_name(*store, wallets);
    store->wallet_key = bind_key(*store, wallets, row.wallet_key, &store->buyer_type);
    bind_table(&store->wallet_table, wallets,
               require_unique(*store, wallets, {store->wallet_key.number}), store->context);
    store->balance = bind_money(store, wallets, row.balance);
    require_writable(*store, wallets, {row.balance});
    relation_close(wallets, NoLock);
}

// The view whose columns carry the rights.
void bind_role(const RegistryRow &row, Store *store) {
    const Oid id = relation_named(row.role);
    Relation role = OidIsValid(id) ? try_relation_open(id, AccessShareLock) : nullptr;
    if (role == nullptr || role->rd_rel->relkind != RELKIND_VIEW)
        raise_invalid(store->name, psprintf("View %s does not exist.", row.role));
    require_owner(*store, role);
    for (std::size_t i = 0; i < right_names.size(); ++i)
        if (get_attnum(id, right_names[i].data()) != right_column(static_cast<Right>(i)))
            raise_invalid(store->name,
                          psprintf("View %s does not have the columns of the rights.", row.role));
    store->role_relation = id;
    relation_close(role, NoLock);
}

// An owner may freeze a table by taking its privileges from himself, which statements heed.
bool may_write(Relation relation) {
    constexpr AclMode needed = ACL_SELECT | ACL_INSERT | ACL_UPDATE;
    return pg_class_aclmask(RelationGetRelid(relation), relation->rd_rel->relowner, needed,
                            ACLMASK_ALL) == needed;
}

// How the rows of the store are to be written.
void bind_writes(Store *store) {
    const Oid our_functions[] = {trigger_function("journal"), trigger_function("append_only"),
                                 trigger_function("counter")};
    const AttrNumber item_columns[] = {store->stock.number, store->stock_version.number,
                                       store->lock_mode.number};
    const AttrNumber wallet_columns[] = {store->balance.number};
    struct Write {
        Table *table;
        std::span<const AttrNumber> columns; // of existing rows
    };
    store->is_plain = true;
    for (const Write &write :
         {Write{&store->item_table, item_columns}, Write{&store->wallet_table, wallet_columns},
          Write{&store->ledger_table, {}}}) {
        if (!OidIsValid(write.table->relation)) continue;
        Relation relation = table_open(write.table->relation, NoLock);
        store->is_plain =
            store->is_plain && is_plain_table(relation, write.columns, our_functions) &&
            may_write(relation) &&
            // A column of the owner's may have a default, which a statement fills in.
            (write.table != &store->ledger_table || column_count(relation) == ledger_column_count);
        if (store->is_plain) compile_checks(write.table, relation, store->context);
        if (write.table == &store->ledger_table)
            store->has_unique_ledger_rows = has_other_unique_index(relation, write.table->key_index);
        table_close(relation, NoLock);
    }
}

} // namespace

// Without the USAGE check of a schema that names in a query undergo: the caller's rights are those on
// the store, not on its schema.
Oid relation_named(const char *quoted_name) {
    const List *names = compat::qualified_name_list(quoted_name);
    if (list_length(names) != 2) return InvalidOid;
    const Oid schema = get_namespace_oid(strVal(linitial(names)), true);
    return OidIsValid(schema) ? get_relname_relid(strVal(lsecond(names)), schema) : InvalidOid;
}

Oid relation_owner(Oid relation) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple)) return InvalidOid;
    const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return owner;
}

char *relation_label(Oid relation) {
    const char *name = get_rel_name(relation);
    if (name == nullptr) return pstrdup("?");
    return psprintf("%s.%s", get_namespace_name(get_rel_namespace(relation)), name);
}

void lock_bound(const RegistryRow &row, LOCKMODE mode) {
    for (const char *name : {row.item, row.wallet, row.ledger, row.delta}) {
        if (name == nullptr) continue;
        for (Oid id = relation_named(name); OidIsValid(id);) {
            LockRelationOid(id, mode);
            const Oid meanwhile = relation_named(name);
            if (meanwhile == id) break;
            UnlockRelationOid(id, mode);
            id = meanwhile;
        }
    }
}

void resolve_binding(const RegistryRow &row, Store *store) {
    store->name = MemoryContextStrdup(store->context, row.name);
    store->refuses_direct_writes = strcmp(row.direct_writes, "refuse") == 0;
    // In the order in which every call locks them.
    bind_items(row, store);
    bind_wallets(row, store);
    bind_ledger(row, store);
    bind_deltas(row, store);
    bind_role(row, store);
    bind_writes(store);
}

} // namespace vend
