#include "base/prelude.hpp"

#include "binding/open_store.hpp"

#include "base/error_codes.hpp"
#include "base/settings.hpp"
#include "binding/binding.hpp"
#include "binding/era_table.hpp"
#include "binding/meant_store.hpp"
#include "binding/registry.hpp"
#include "binding/rights.hpp"
#include "shared/counters.hpp"
#include "shared/former_counters.hpp"
#include "table/as_role.hpp"
#include "table/catalog.hpp"

#include <algorithm>
#include <new>

namespace vend {
namespace {

Store *stores = nullptr;
Oid watched_registry = InvalidOid;

void on_relation_changed(Datum /*unused*/, Oid relation) {
    note_changed_relation(relation);
    for (Store *store = stores; store != nullptr; store = store->next) {
        // No relation is named after a session has missed messages: any partition may have changed.
        if (!OidIsValid(relation))
            store->caches.partitions = {};
        else if (KnownPartition &known = store->caches.partition_at(relation);
                 known.state[0] == relation)
            known = {};
        if (relation == watched_registry) ++store->registry_changes;
        if (!OidIsValid(relation) || relation == store->binding.item_table.relation ||
            relation == store->binding.wallet_table.relation ||
            relation == store->binding.ledger_table.relation ||
            relation == store->binding.delta_table.relation || relation == store->binding.era_relation ||
            relation == store->binding.role_relation)
            store->stale = true;
    }
}

// The binding finds tables by name, and renaming a schema invalidates none of its tables. So a change of
// one of the store's schemas makes the store stale. Other schemas do not matter.
void on_schema_changed(Datum /*unused*/, int /*cache*/, uint32 hash) {
    note_changed_schema(hash);
    for (Store *store = stores; store != nullptr; store = store->next)
        if (hash == 0 || std::ranges::find(store->binding.schemas, hash) != store->binding.schemas.end())
            store->stale = true;
}

void on_roles_changed(Datum /*unused*/, int /*cache*/, uint32 /*hash*/) {
    note_changed_roles();
}

// Registers the callbacks, in sessions that use a store.
void watch_invalidations() {
    static bool is_watching = false;
    if (is_watching) return;
    CacheRegisterRelcacheCallback(on_relation_changed, 0);
    CacheRegisterSyscacheCallback(NAMESPACEOID, on_schema_changed, 0);
    for (const SysCacheIdentifier roles : {AUTHMEMROLEMEM, AUTHOID, DATABASEOID})
        CacheRegisterSyscacheCallback(roles, on_roles_changed, 0);
    is_watching = true;
}

Store *cached_store(const char *name) {
    for (Store *store = stores; store != nullptr; store = store->next)
        if (!store->stale && strcmp(store->binding.name, name) == 0) return store;
    return nullptr;
}

bool is_same_row(const RegistryRow &a, const RegistryRow &b) {
    for (const auto column : registry_columns) {
        const char *left = a.*column;
        const char *right = b.*column;
        if ((left == nullptr) != (right == nullptr)) return false;
        if (left != nullptr && strcmp(left, right) != 0) return false;
    }
    return true;
}

// Keeps what the store was made from: its row, and the schemas of its relations.
void keep_origin(const RegistryRow &row, Binding *binding) {
    MemoryContext caller = MemoryContextSwitchTo(binding->context);
    for (const auto column : registry_columns)
        binding->row.*column = row.*column == nullptr ? nullptr : pstrdup(row.*column);
    MemoryContextSwitchTo(caller);
    std::size_t count = 0;
    for (const Oid relation :
         {binding->item_table.relation, binding->wallet_table.relation, binding->ledger_table.relation,
          binding->delta_table.relation, binding->role_relation})
        if (OidIsValid(relation)) binding->schemas[count++] = schema_hash(get_rel_namespace(relation));
}

bool has_same_names(const Store &store) {
    const auto means = [](const char *name, Oid relation) {
        return name == nullptr || relation_named(name) == relation;
    };
    return means(store.binding.row.item, store.binding.item_table.relation) &&
           means(store.binding.row.wallet, store.binding.wallet_table.relation) &&
           means(store.binding.row.ledger, store.binding.ledger_table.relation) &&
           means(store.binding.row.delta, store.binding.delta_table.relation) &&
           means(store.binding.row.role, store.binding.role_relation);
}

// Whether the store still matches the registry. Most changes of the registry are about other stores, so
// the row is compared.
bool is_as_registered(Store &store) {
    while (!store.stale && store.changes_seen != store.registry_changes) {
        const uint64 changes = store.registry_changes;
        watched_registry = registry_relation();
        RegistryRow row;
        if (!read_registry(store.binding.name, &row) || !is_same_row(row, store.binding.row) ||
            !has_same_names(store))
            store.stale = true;
        store.changes_seen = changes;
    }
    return !store.stale;
}

// Resolves a store and adds it to the cache. Resolving locks the relations, so only the registry row and
// the names of schemas can change meanwhile. Both are compared after the store is in the cache, because
// from then on invalidations reach it.
Store *load_store(const char *name) {
    watch_invalidations();
    watched_registry = registry_relation();
    for (;;) {
        const RegistryRow row = registered_store(name);
        lock_bound(row, RowExclusiveLock);
        // The store may have been replaced while this waited for the locks.
        if (!is_same_row(row, registered_store(name))) continue;
        MemoryContext context =
            AllocSetContextCreate(CurrentMemoryContext, "pg_vend store", ALLOCSET_SMALL_SIZES);
        Binding binding;
        binding.context = context;
        // Planning the expressions of indexes and CHECKs can run functions of the owner's.
        const Oid owner = relation_owner(relation_named(main_table(row)));
        as_role(OidIsValid(owner) ? owner : GetUserId(), [&] { resolve_binding(row, &binding); });
        keep_origin(row, &binding);
        auto *store = new (MemoryContextAllocZero(context, sizeof(Store))) Store(binding);
        store->caches.has_reborn_keys = may_have_reborn_keys(binding.era_relation);
        MemoryContextSetParent(context, CacheMemoryContext);
        store->next = stores;
        stores = store;
        if (is_as_registered(*store)) return store;
        CHECK_FOR_INTERRUPTS();
    }
}

void lock_relations(const Store &store) {
    if (store.binding.has_items()) LockRelationOid(store.binding.item_table.relation, RowExclusiveLock);
    if (store.binding.has_wallets())
        LockRelationOid(store.binding.wallet_table.relation, RowExclusiveLock);
    LockRelationOid(store.binding.ledger_table.relation, RowExclusiveLock);
    LockRelationOid(store.binding.delta_table.relation, RowExclusiveLock);
}

Store &valid_store(const char *name) {
    if (Store *store = cached_store(name)) {
        lock_relations(*store);
        if (is_as_registered(*store)) return *store;
    }
    return *load_store(name);
}

bool is_bound(const Store &store, Oid relation) {
    return relation == store.binding.item_table.relation ||
           relation == store.binding.wallet_table.relation ||
           relation == store.binding.delta_table.relation;
}

bool is_locked_for_ddl(Oid relation_id) {
    Relation relation = table_open(relation_id, NoLock);
    const bool is_locked = CheckRelationLockedByMe(relation, ShareRowExclusiveLock, true);
    table_close(relation, NoLock);
    return is_locked;
}

// The store's table that the relation is, or whose partition it is. InvalidOid where it is neither.
Oid bound_relation(const Store &store, Relation relation) {
    if (is_bound(store, RelationGetRelid(relation))) return RelationGetRelid(relation);
    if (!relation->rd_rel->relispartition) return InvalidOid;
    ListCell *cell = nullptr;
    foreach (cell, get_partition_ancestors(RelationGetRelid(relation)))
        if (is_bound(store, lfirst_oid(cell))) return lfirst_oid(cell);
    return InvalidOid;
}

} // namespace

const char *store_name(const char *name_or_null) {
    if (name_or_null != nullptr) return pstrdup(name_or_null);
    if (settings::default_store()[0] != '\0') return pstrdup(settings::default_store());
    watch_invalidations();
    return only_meant_store();
}

Store &open_store(const char *name_or_null, std::initializer_list<Right> sufficient) {
    Store &store = valid_store(store_name(name_or_null));
    if (!is_permitted(store, sufficient))
        ereport(ERROR, (errcode(errcodes::not_permitted),
                        errmsg("permission denied for store \"%s\"", store.binding.name),
                        errhint("The owner of the store gives rights with vend.grant_role().")));
    return store;
}

TriggerData as_of_bound_table(const Store &store, const TriggerData *trigger) {
    TriggerData event = *trigger;
    const Oid bound = bound_relation(store, trigger->tg_relation);
    if (bound == RelationGetRelid(trigger->tg_relation)) return event;
    event.tg_relation = bound == store.binding.item_table.relation ? store.binding.item_table.rel
                                                                   : store.binding.wallet_table.rel;
    TupleConversionMap *map = convert_tuples_by_name(RelationGetDescr(trigger->tg_relation),
                                                     RelationGetDescr(event.tg_relation));
    if (map == nullptr) return event;
    for (HeapTuple *tuple : {&event.tg_trigtuple, &event.tg_newtuple}) {
        if (*tuple == nullptr) continue;
        // These fields show that a row moves to another partition, and which command wrote it.
        const ItemPointerData next = (*tuple)->t_data->t_ctid;
        const CommandId command = HeapTupleHeaderGetRawCommandId((*tuple)->t_data);
        *tuple = execute_attr_map_tuple(*tuple, map);
        (*tuple)->t_data->t_ctid = next;
        (*tuple)->t_data->t_choice.t_heap.t_field3.t_cid = command;
    }
    return event;
}

Store &open_store_of_trigger(const TriggerData *trigger) {
    if (trigger->tg_trigger->tgnargs != 1)
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("trigger \"%s\" does not name its store", trigger->tg_trigger->tgname)));
    Store &store = valid_store(trigger->tg_trigger->tgargs[0]);
    if (!OidIsValid(bound_relation(store, trigger->tg_relation)))
        ereport(ERROR,
                (errcode(errcodes::not_in_state),
                 errmsg("table \"%s\" carries a trigger of store \"%s\" but is not bound to it",
                        relation_label(RelationGetRelid(trigger->tg_relation)), store.binding.name)));
    // Resolving the store forgot the counters of its former states. If that was in a savepoint which was
    // rolled back, it has to be done again.
    if (store.binding.has_items() && has_used_counters() &&
        is_locked_for_ddl(store.binding.item_table.relation))
        forget_former_states(store.binding.table_state);
    return store;
}

void free_stale_stores() {
    for (Store **link = &stores; *link != nullptr;) {
        Store *store = *link;
        if (!store->stale) {
            link = &store->next;
            continue;
        }
        *link = store->next;
        for (SPIPlanPtr plan : store->plans.kept)
            if (plan != nullptr) SPI_freeplan(plan);
        MemoryContextDelete(store->binding.context);
    }
}

} // namespace vend
