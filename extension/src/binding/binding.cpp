#include "base/prelude.hpp"

#include "binding/binding.hpp"

#include "base/compat.hpp"
#include "binding/columns.hpp"
#include "binding/era_table.hpp"
#include "binding/key_type.hpp"
#include "binding/statement.hpp"
#include "binding/store_columns.hpp"
#include "binding/table_state.hpp"
#include "binding/unlimited.hpp"
#include "core/right.hpp"
#include "shared/counter_key.hpp"
#include "shared/former_counters.hpp"
#include "table/catalog.hpp"
#include "table/our_triggers.hpp"
#include "table/plain.hpp"
#include "table/table.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>

namespace vend {
namespace {

// The triggers that a table needs for one function: one for each entry, which has the events that the
// trigger must cover.
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
constexpr std::initializer_list<int16> era_events{TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT |
                                                  TRIGGER_TYPE_DELETE | TRIGGER_TYPE_UPDATE};
// UPDATE and DELETE need a row trigger: a statement on a parent table fires no statement trigger of its
// children.
constexpr std::initializer_list<int16> ledger_events{TRIGGER_TYPE_ROW | TRIGGER_TYPE_BEFORE |
                                                         TRIGGER_TYPE_DELETE | TRIGGER_TYPE_UPDATE,
                                                     TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_TRUNCATE};

// A journal trigger must not fire always: replication applies a change together with its ledger row, and
// such a trigger would record the change a second time. A transaction may commit with triggers that are
// switched off, as a data-only restore does: nothing is sold until they are on again.
bool is_enabled(const Binding &binding, const Trigger &trigger, bool is_journal) {
    return binding.stage == Stage::changed || trigger.tgenabled == TRIGGER_FIRES_ON_ORIGIN ||
           (trigger.tgenabled == TRIGGER_FIRES_ALWAYS && !is_journal);
}

// Whether the relation has exactly one trigger of this function for these events, and the trigger is
// enabled, belongs to this store and covers all of the events. A second one would journal all changes
// twice.
bool has_trigger(const Binding &binding, Relation relation, Oid function, bool is_journal, int16 type) {
    const TriggerDesc *triggers = relation->trigdesc;
    if (triggers == nullptr) return false;
    int fitting = 0;
    int similar = 0;
    for (int i = 0; i < triggers->numtriggers; ++i) {
        const Trigger &trigger = triggers->triggers[i];
        if (trigger.tgfoid != function || (trigger.tgtype & type & event_mask) == 0) continue;
        ++similar;
        if ((trigger.tgtype & type) == type && is_enabled(binding, trigger, is_journal) &&
            trigger.tgqual == nullptr && trigger.tgnattr == 0 && trigger.tgnargs == 1 &&
            strcmp(trigger.tgargs[0], binding.name) == 0)
            ++fitting;
    }
    return fitting == 1 && similar == 1;
}

// Whether a deferrable trigger of a user would run with the wrong rights. Before PostgreSQL 18 a
// deferred trigger runs as the user who commits, who may be any buyer.
bool has_deferrable_trigger(Relation relation) {
    if (!compat::deferred_triggers_run_as_committer || relation->trigdesc == nullptr) return false;
    for (int i = 0; i < relation->trigdesc->numtriggers; ++i) {
        const Trigger &trigger = relation->trigdesc->triggers[i];
        if (trigger.tgdeferrable && !trigger.tgisinternal) return true;
    }
    return false;
}

// Opens and locks the relation that the name means. The name is resolved again after the wait for the
// lock, because it may mean another relation by then. A transaction that has changed one of the tables
// writes none, and must not wait for an index that is made on another one.
Relation open_named(const Binding &binding, const char *quoted_name) {
    const LOCKMODE mode = binding.stage == Stage::changed ? AccessShareLock : RowExclusiveLock;
    for (;;) {
        const Oid id = relation_named(quoted_name);
        Relation relation = OidIsValid(id) ? try_relation_open(id, mode) : nullptr;
        if (relation_named(quoted_name) == id) {
            if (relation != nullptr) return relation;
            raise_invalid(binding, psprintf("Table %s does not exist.", quoted_name));
        }
        if (relation != nullptr) relation_close(relation, NoLock);
        CHECK_FOR_INTERRUPTS();
    }
}

void require_triggers_of(const Binding &binding, Relation relation, const char *function,
                         Oid function_id, std::initializer_list<int16> types) {
    for (const int16 type : types)
        if (!has_trigger(binding, relation, function_id,
                         strcmp(function, trigger_functions::journal) == 0, type))
            raise_invalid(binding, psprintf("Table %s does not carry exactly one enabled trigger "
                                            "vend.%s() of this store.",
                                            quote_qualified_identifier(
                                                get_namespace_name(RelationGetNamespace(relation)),
                                                RelationGetRelationName(relation)),
                                            function));
}

// Opens a relation of a store, locks it ROW EXCLUSIVE, and checks its kind and its triggers.
Relation open_bound(const Binding &binding, const char *quoted_name, const char *function,
                    std::initializer_list<int16> types) {
    const Oid function_id = trigger_function(function);
    Relation relation = open_named(binding, quoted_name);

    require_table(binding, relation, strcmp(function, trigger_functions::journal) == 0);
    if (relation->rd_rel->relkind != RELKIND_PARTITIONED_TABLE &&
        find_inheritance_children(RelationGetRelid(relation), NoLock) != NIL)
        raise_invalid(binding, psprintf("Table %s has child tables.", quoted_name));
    if (has_deferrable_trigger(relation))
        raise_invalid(binding, psprintf("Table %s has a deferrable trigger, which would run with the "
                                        "rights of the user who commits.",
                                        quoted_name));
    require_triggers_of(binding, relation, function, function_id, types);
    return relation;
}

// Whether the row triggers of the function are ENABLE ALWAYS. Only such triggers fire when replication
// or a restore writes the table in the replica role.
bool fires_always(Relation relation, Oid function) {
    for (int i = 0; i < relation->trigdesc->numtriggers; ++i) {
        const Trigger &trigger = relation->trigdesc->triggers[i];
        if (trigger.tgfoid == function && trigger.tgenabled != TRIGGER_FIRES_ALWAYS &&
            TRIGGER_FOR_ROW(trigger.tgtype))
            return false;
    }
    return true;
}

// The name of the relation in SQL. It lives as long as the store is cached.
char *kept_name(const Binding &binding, Relation relation) {
    return MemoryContextStrdup(binding.context, quoted_relation_name(relation));
}

// The owner needs USAGE of the schema, because the statements of the engine run as the owner.
void require_usable_schema(const Binding &binding, Relation relation) {
    const Oid schema = RelationGetNamespace(relation);
    if (!compat::may_use_schema(schema, relation->rd_rel->relowner))
        raise_invalid(binding,
                      psprintf("Role \"%s\" owns the tables but may not use schema \"%s\".",
                               GetUserNameFromId(relation->rd_rel->relowner, false),
                               get_namespace_name(schema)),
                      psprintf("Let the owner of the schema run: GRANT USAGE ON SCHEMA %s TO %s.",
                               quote_identifier(get_namespace_name(schema)),
                               quote_identifier(GetUserNameFromId(relation->rd_rel->relowner, false))));
}

void require_owner(const Binding &binding, Relation relation) {
    if (relation->rd_rel->relowner == binding.owner) return;
    const char *others = binding.has_items() ? "items" : "wallets";
    raise_invalid(binding,
                  psprintf("\"%s\" and the table of %s do not have the same owner.",
                           relation_label(RelationGetRelid(relation)), others),
                  binding.stage == Stage::creating ? nullptr
                  : binding.stage == Stage::changed
                      ? "A store has one owner: change the owner of all its tables in one transaction."
                      : psprintf("Give it to the owner of the %s: ALTER TABLE %s OWNER TO %s.", others,
                                 quoted_relation_name(relation),
                                 quote_identifier(GetUserNameFromId(binding.owner, false))));
}

void bind_ledger(const RegistryRow &row, Binding *binding) {
    Relation ledger = open_bound(*binding, row.ledger, trigger_functions::append_only, ledger_events);
    require_owner(*binding, ledger);
    require_usable_schema(*binding, ledger);
    binding->ledger = kept_name(*binding, ledger);
    AttrNumber *number = binding->ledger_columns;
    const auto bind = [&](const char *name, Oid type) {
        *number++ = bind_typed(*binding, ledger, name, type).number;
    };
    const auto bind_item_or_wallet = [&](const char *name, KeyType *type) {
        *number++ = bind_kept_key(*binding, ledger, name, type).number;
    };
    const auto bind_figure = [&](const char *name) {
        const BoundColumn column = bind_number(*binding, ledger, name);
        if (OidIsValid(binding->money.type)) require_same_money(*binding, ledger, column);
        binding->money = column.figures;
        *number++ = column.number;
    };
    bind("id", UUIDOID);
    bind("line", INT4OID);
    bind("kind", TEXTOID);
    bind_item_or_wallet("item", &binding->item_type.untyped());
    bind("qty", INT8OID);
    bind_item_or_wallet("wallet", &binding->buyer_type.untyped());
    bind_figure("amount");
    bind_figure("unit_price");
    bind_figure("list_price");
    bind("ref", UUIDOID);
    bind("at", TIMESTAMPTZOID);
    bind("refusal", TEXTOID);
    bind("refusal_qty", INT8OID);
    bind("ref_line", INT4OID);
    bind("item_era", INT4OID);
    bind("wallet_era", INT4OID);
    bind("stock_change", INT8OID);
    require_writable(*binding, ledger,
                     {"id", "line", "kind", "item", "qty", "wallet", "amount", "unit_price",
                      "list_price", "ref", "at", "refusal", "refusal_qty", "ref_line", "item_era",
                      "wallet_era", "stock_change"});
    bind_table(
        &binding->ledger_table, ledger,
        require_unique(*binding, ledger, {binding->ledger_columns[0], binding->ledger_columns[1]}),
        binding->context);
    relation_close(ledger, NoLock);
}

// A version guard must not cover a column that sales write. Sales know no version of the guard, so it
// would refuse their writes. Its version may be one that sales count up.
void require_unguarded(const Binding &binding, Relation relation, std::span<const StoreColumn> columns) {
    const Oid function = trigger_function(trigger_functions::guard);
    const Trigger *guard = guard_of(relation, function, true);
    if (guard == nullptr) return;
    for (int i = 0; i < guard->tgnargs; ++i)
        for (const StoreColumn &column : columns) {
            const char *name = (binding.*column.bound).raw_name;
            const bool may_be = i == guard_version_column ? may_be_version(column.use)
                                                          : !is_written_past_triggers(column.use);
            if (!may_be && i != guard_convention && name != nullptr &&
                strcmp(guard->tgargs[i], name) == 0)
                raise_invalid(
                    binding,
                    psprintf(
                        "The version guard of table \"%s\" covers column \"%s\", which sales write.",
                        relation_label(RelationGetRelid(relation)), name),
                    "Remove the guard with vend.unguard_version(), and guard the other columns.");
        }
}

BoundColumn bind_column(const Binding &binding, Relation relation, ColumnKind kind, const char *name) {
    switch (kind) {
    case ColumnKind::count:
        return bind_count(binding, relation, name);
    case ColumnKind::money:
        return bind_money(binding, relation, name);
    case ColumnKind::time:
        return bind_time(binding, relation, name);
    case ColumnKind::lock_mode:
        return bind_lock_mode(binding, relation, name);
    case ColumnKind::currency:
        return bind_currency(binding, relation, name);
    case ColumnKind::key: // see bind_key(), which finds out the type of the keys
        break;
    }
    pg_unreachable();
}

// All of a figure may be claimed.
void require_room(const Binding &binding, Oid relation, const BoundColumn &figure,
                  const BoundColumn &claimed) {
    if (claimed.name == nullptr || claimed.figures.max >= figure.figures.max) return;
    raise_invalid(binding, psprintf("Column \"%s\" of table \"%s\" has no room for all that column "
                                    "\"%s\" can have.",
                                    claimed.raw_name, relation_label(relation), figure.raw_name));
}

// Binds the columns of a table besides its key.
void bind_columns(const RegistryRow &row, Relation relation, std::span<const StoreColumn> columns,
                  Binding *binding) {
    for (const StoreColumn &column : columns) {
        const char *name = row.*column.name;
        if (column.kind == ColumnKind::key || name == nullptr) continue;
        binding->*column.bound = bind_column(*binding, relation, column.kind, name);
    }
    for (const StoreColumn &column : columns)
        if (is_written(column.use) && row.*column.name != nullptr)
            require_writable(*binding, relation, {row.*column.name});
    require_unguarded(*binding, relation, columns);
}

void bind_items(const RegistryRow &row, Binding *binding) {
    if (row.item == nullptr) return;
    const Oid counter_function = trigger_function(trigger_functions::invalidate_counters);
    Relation items = open_bound(*binding, row.item, trigger_functions::journal, journal_events);
    require_triggers_of(*binding, items, trigger_functions::invalidate_counters, counter_function,
                        item_counter_events);
    binding->owner = items->rd_rel->relowner;
    require_usable_schema(*binding, items);
    binding->items = kept_name(*binding, items);
    binding->item_key = bind_key(*binding, items, row.item_key, &binding->item_type.untyped());
    bind_table(&binding->item_table, items, require_unique(*binding, items, {binding->item_key.number}),
               binding->context);
    bind_columns(row, items, item_columns, binding);
    relation_close(items, NoLock);
}

int column_count(Relation relation) {
    int count = 0;
    for (int i = 0; i < RelationGetDescr(relation)->natts; ++i)
        if (!TupleDescAttr(RelationGetDescr(relation), i)->attisdropped) ++count;
    return count;
}

// Describes why items of the store cannot be sold in escrow. Null when they can.
const char *escrow_problem(const Binding &binding, Relation items, Relation deltas) {
    const Oid counter_function = trigger_function(trigger_functions::invalidate_counters);
    const Oid delta_function = trigger_function(trigger_functions::delta);
    if (!fires_always(items, counter_function) || !fires_always(deltas, delta_function))
        return psprintf(
            "A trigger of pg_vend does not fire always: ALTER TABLE %s ENABLE ALWAYS TRIGGER %s; "
            "ALTER TABLE %s ENABLE ALWAYS TRIGGER %s",
            binding.items, counter_trigger, binding.deltas, delta_trigger);
    constexpr AclMode needed = ACL_SELECT | ACL_INSERT | ACL_DELETE;
    if (!is_plain_table(deltas, {}, {&delta_function, 1}) || column_count(deltas) != 3 ||
        pg_class_aclmask(RelationGetRelid(deltas), binding.owner, needed, ACLMASK_ALL) != needed)
        return psprintf(
            "Table %s must have only the columns item, qty and claimed, all privileges for its owner, and no "
            "trigger, rule, expression or check of yours.",
            binding.deltas);
    return nullptr;
}

// Binds what the counters of items in escrow depend on: the files and triggers of items and deltas.
void bind_escrow(Relation deltas, Binding *binding) {
    const Oid journal_function = trigger_function(trigger_functions::journal);
    const Oid counter_function = trigger_function(trigger_functions::invalidate_counters);
    const Oid delta_function = trigger_function(trigger_functions::delta);
    Relation items = table_open(binding->item_table.relation, NoLock);
    TableState &state = binding->table_state;
    state.items = binding->item_table.relation;
    state.files = {compat::file_of(items), compat::file_of(deltas)};
    const AttrNumber columns[] = {binding->item_key.number,  binding->stock.number,
                                  binding->claimed.number,   binding->reserved.number,
                                  binding->lock_mode.number, binding->delta_item,
                                  binding->delta_qty,        binding->delta_claimed};
    std::ranges::copy(columns, state.columns.begin());
    const auto rest = add_trigger_states(items, {journal_function, counter_function}, state.triggers,
                                         &binding->altered_by);
    (void)add_trigger_states(deltas, {delta_function}, rest, &binding->altered_by);
    if (const char *problem = escrow_problem(*binding, items, deltas))
        binding->escrow_problem = MemoryContextStrdup(binding->context, problem);
    else
        compile_checks(&binding->delta_table, deltas, binding->context);
    table_close(items, NoLock);
    if (binding->stage != Stage::changed) forget_former_states(state); // it may still roll back
}

void bind_deltas(const RegistryRow &row, Binding *binding) {
    Relation deltas = open_bound(*binding, row.delta, trigger_functions::delta, delta_events);
    require_owner(*binding, deltas);
    require_usable_schema(*binding, deltas);
    binding->deltas = kept_name(*binding, deltas);
    binding->delta_item = bind_kept_key(*binding, deltas, "item", &binding->item_type.untyped()).number;
    binding->delta_qty = bind_typed(*binding, deltas, "qty", INT8OID).number;
    binding->delta_claimed = bind_typed(*binding, deltas, "claimed", INT8OID).number;
    require_writable(*binding, deltas, {"item", "qty", "claimed"});
    const Oid index = find_index(deltas, {binding->delta_item}, false);
    if (!OidIsValid(index))
        raise_invalid(*binding, psprintf("Table %s has no index on its item.", row.delta));
    bind_table(&binding->delta_table, deltas, index, binding->context);
    binding->delta_shape = shape_of(deltas);
    if (binding->has_items())
        bind_escrow(deltas, binding);
    else
        binding->escrow_problem = "The store has no items.";
    relation_close(deltas, NoLock);
}

void bind_wallets(const RegistryRow &row, Binding *binding) {
    if (row.wallet == nullptr) return;
    Relation wallets = open_bound(*binding, row.wallet, trigger_functions::journal, journal_events);
    if (!binding->has_items()) binding->owner = wallets->rd_rel->relowner;
    require_owner(*binding, wallets);
    require_usable_schema(*binding, wallets);
    binding->wallets = kept_name(*binding, wallets);
    binding->wallet_key = bind_key(*binding, wallets, row.wallet_key, &binding->buyer_type.untyped());
    bind_table(&binding->wallet_table, wallets,
               require_unique(*binding, wallets, {binding->wallet_key.number}), binding->context);
    bind_columns(row, wallets, wallet_columns, binding);
    relation_close(wallets, NoLock);
}

// Binds the table of the eras of keys. Triggers write the table and refunds read it; a sale needs to
// know only whether a key has had two eras.
void bind_eras(const RegistryRow &row, Binding *binding) {
    Relation eras =
        open_bound(*binding, eras_beside(row.ledger), trigger_functions::key_era, era_events);
    require_owner(*binding, eras);
    for (const char *column : {"item", "now_item"})
        (void)bind_kept_key(*binding, eras, column, &binding->item_type.untyped());
    for (const char *column : {"wallet", "now_wallet"})
        (void)bind_kept_key(*binding, eras, column, &binding->buyer_type.untyped());
    for (const char *column : {"era", "now_era"}) (void)bind_typed(*binding, eras, column, INT4OID);
    binding->eras = kept_name(*binding, eras);
    binding->era_relation = RelationGetRelid(eras);
    relation_close(eras, NoLock);
}

// Binds the view "role". A right on the store is SELECT on one of its columns.
void bind_role(const RegistryRow &row, Binding *binding) {
    const Oid id = relation_named(row.role);
    Relation role = OidIsValid(id) ? try_relation_open(id, AccessShareLock) : nullptr;
    if (role == nullptr || role->rd_rel->relkind != RELKIND_VIEW)
        raise_invalid(*binding, psprintf("View %s does not exist.", row.role));
    require_owner(*binding, role);
    for (std::size_t i = 0; i < right_names.size(); ++i)
        if (get_attnum(id, right_names[i].data()) != right_column(static_cast<Right>(i)))
            raise_invalid(*binding,
                          psprintf("View %s does not have the columns of the rights.", row.role));
    binding->role_relation = id;
    relation_close(role, NoLock);
}

// Whether the owner has the privileges that a sale needs. Owners may revoke their own privileges to
// freeze a table. A statement would fail then, so a write without a statement has to respect this, too.
bool may_write(Relation relation) {
    constexpr AclMode needed = ACL_SELECT | ACL_INSERT | ACL_UPDATE;
    return pg_class_aclmask(RelationGetRelid(relation), relation->rd_rel->relowner, needed,
                            ACLMASK_ALL) == needed;
}

// The numbers of the columns that the engine writes without statements.
std::span<const AttrNumber> written_columns(const Binding &binding, std::span<const StoreColumn> columns,
                                            std::span<AttrNumber> numbers) {
    std::size_t count = 0;
    for (const StoreColumn &column : columns)
        if (is_written_past_triggers(column.use)) numbers[count++] = (binding.*column.bound).number;
    return numbers.first(count);
}

// Finds out whether rows of the store may be written without statements.
void bind_writes(Binding *binding) {
    const Oid our_functions[] = {trigger_function(trigger_functions::journal),
                                 trigger_function(trigger_functions::append_only),
                                 trigger_function(trigger_functions::invalidate_counters),
                                 trigger_function(trigger_functions::guard)};
    std::array<AttrNumber, item_columns.size()> in_items{};
    std::array<AttrNumber, wallet_columns.size()> in_wallets{};
    struct Write {
        Table *table;
        std::span<const AttrNumber> columns; // that the engine updates
    };
    binding->is_plain = true;
    for (const Write &write :
         {Write{&binding->item_table, written_columns(*binding, item_columns, in_items)},
          Write{&binding->wallet_table, written_columns(*binding, wallet_columns, in_wallets)},
          Write{&binding->ledger_table, {}}}) {
        if (!OidIsValid(write.table->relation)) continue;
        Relation relation = table_open(write.table->relation, NoLock);
        binding->is_plain =
            binding->is_plain && is_plain_table(relation, write.columns, our_functions) &&
            may_write(relation) &&
            // A column that the owner has added may have a default, which only a statement fills in.
            (write.table != &binding->ledger_table || column_count(relation) == ledger_column_count);
        if (!binding->is_of_existing_store() && !may_write(relation))
            raise_invalid(*binding, psprintf("Role \"%s\" owns table %s but may not read and write it.",
                                             GetUserNameFromId(binding->owner, false),
                                             quoted_relation_name(relation)));
        if (binding->is_plain) compile_checks(write.table, relation, binding->context);
        if (write.table == &binding->ledger_table)
            binding->has_unique_ledger_rows = has_other_unique_index(relation, write.table->key_index);
        table_close(relation, NoLock);
    }
}

} // namespace

void require_item_partition(const Binding &binding, Oid partition) {
    Relation relation = table_open(partition, NoLock);
    require_table(binding, relation, true);
    const Oid counter_function = trigger_function(trigger_functions::invalidate_counters);
    require_triggers_of(binding, relation, trigger_functions::journal,
                        trigger_function(trigger_functions::journal),
                        {*journal_events.begin()}); // partitions have no TRUNCATE trigger
    require_triggers_of(binding, relation, trigger_functions::invalidate_counters, counter_function,
                        item_counter_events);
    if (!fires_always(relation, counter_function))
        raise_invalid(binding,
                      psprintf("Trigger vend.invalidate_counters() of table %s does not fire always.",
                               quoted_relation_name(relation)));
    table_close(relation, NoLock);
}

void require_table(const Binding &binding, Relation relation, bool may_be_partitioned) {
    const bool is_permanent = relation->rd_rel->relpersistence == RELPERSISTENCE_PERMANENT;
    switch (relation->rd_rel->relkind) {
    case RELKIND_PARTITIONED_TABLE:
        if (!may_be_partitioned)
            raise_invalid(binding, psprintf("%s is partitioned.", quoted_relation_name(relation)),
                          "Only items and wallets of a store can be partitioned, not its ledger or its "
                          "deltas. Put the former table back.");
        if (is_permanent) return;
        break;
    case RELKIND_RELATION:
        if (is_permanent) return;
        break;
    case RELKIND_VIEW:
    case RELKIND_MATVIEW:
        raise_invalid(binding, psprintf("%s is a view.", quoted_relation_name(relation)),
                      "Bind the table that has the figures.");
    case RELKIND_FOREIGN_TABLE:
        raise_invalid(binding, psprintf("%s is a foreign table.", quoted_relation_name(relation)),
                      "A sale is one transaction of one server: sell on the server that has the table.");
    default:
        raise_invalid(binding, psprintf("%s is not a table.", quoted_relation_name(relation)));
    }
    raise_invalid(binding, psprintf("%s is not a permanent table.", quoted_relation_name(relation)));
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

void bind_unlimited(const RegistryRow &row, Binding *binding) {
    if (row.unlimited == nullptr) return;
    const auto unlimited = unlimited_from(row.unlimited);
    if (!unlimited)
        raise_invalid(*binding, psprintf("The store's option unlimited is \"%s\".", row.unlimited));
    binding->unlimited = *unlimited;
}

void resolve_binding(const RegistryRow &row, Binding *binding) {
    binding->name = MemoryContextStrdup(binding->context, row.name);
    binding->refuses_direct_writes = strcmp(row.direct_writes, "refuse") == 0;
    binding->has_own_wallets_only = strcmp(row.buyers, "own") == 0;
    binding->reads_as_caller = strcmp(row.rls, "caller") == 0;
    bind_unlimited(row, binding);
    // The relations are locked in the order in which each call locks them.
    bind_items(row, binding);
    bind_wallets(row, binding);
    bind_ledger(row, binding);
    require_money(*binding, binding->item_table.relation, &binding->price, true);
    for (BoundColumn *column : {&binding->balance, &binding->balance_claimed})
        require_money(*binding, binding->wallet_table.relation, column, false);
    require_money(*binding, binding->wallet_table.relation, &binding->balance_reserved, true);
    require_room(*binding, binding->item_table.relation, binding->stock, binding->claimed);
    require_room(*binding, binding->wallet_table.relation, binding->balance, binding->balance_claimed);
    bind_deltas(row, binding);
    bind_eras(row, binding);
    bind_role(row, binding);
    bind_writes(binding);
}

} // namespace vend
