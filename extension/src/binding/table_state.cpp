#include "base/prelude.hpp"

#include "binding/table_state.hpp"

#include "base/compat.hpp"
#include "binding/key.hpp"
#include "table/our_triggers.hpp"

#include <algorithm>

namespace vend {
namespace {

// The partition that rows with the key belong to, or InvalidOid. The table has a unique index on the key
// alone, so it can be partitioned by this key only. A partition that is being detached counts, because
// sales of its items may still be pending.
Oid child_of_key(Relation table, Datum key) {
    PartitionKey by = RelationGetPartitionKey(table);
    PartitionDesc children = RelationGetPartitionDesc(table, false);
    if (children->nparts == 0) return InvalidOid;
    PartitionBoundInfo bounds = children->boundinfo;
    Datum values[PARTITION_MAX_KEYS];
    bool nulls[PARTITION_MAX_KEYS] = {};
    std::ranges::fill(values, key);
    bool is_equal = false;
    int index = -1;
    if (by->strategy == PARTITION_STRATEGY_HASH) {
        const uint64 hash = compute_partition_hash_value(by->partnatts, by->partsupfunc,
                                                         by->partcollation, values, nulls);
        index = bounds->indexes[hash % static_cast<uint64>(bounds->nindexes)];
    } else if (by->strategy == PARTITION_STRATEGY_LIST) {
        const int place =
            partition_list_bsearch(by->partsupfunc, by->partcollation, bounds, key, &is_equal);
        if (is_equal) index = bounds->indexes[place];
    } else {
        const int place = partition_range_datum_bsearch(by->partsupfunc, by->partcollation, bounds,
                                                        by->partnatts, values, &is_equal);
        index = bounds->indexes[place + 1];
    }
    if (index < 0) index = bounds->default_index;
    return index < 0 ? InvalidOid : children->oids[index];
}

// Finds the partition at any depth. Locks the partition and those between it and the table.
Oid locked_partition(Relation table, Datum key) {
    const Oid child = child_of_key(table, key);
    Relation relation = OidIsValid(child) ? try_relation_open(child, RowExclusiveLock) : nullptr;
    if (relation == nullptr) return InvalidOid;
    const bool is_leaf = relation->rd_rel->relkind != RELKIND_PARTITIONED_TABLE;
    const Oid partition = is_leaf ? child : locked_partition(relation, key);
    relation_close(relation, NoLock);
    return partition;
}

} // namespace

std::span<uint32> add_trigger_states(Relation relation, std::initializer_list<Oid> functions,
                                     std::span<uint32> state, LocalTransactionId *altered_by) {
    if (compat::has_new_file(relation)) *altered_by = compat::local_transaction();
    Relation catalog = table_open(TriggerRelationId, AccessShareLock);
    ScanKeyData condition;
    ScanKeyInit(&condition, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(RelationGetRelid(relation)));
    SysScanDesc scan =
        systable_beginscan(catalog, TriggerRelidNameIndexId, true, nullptr, 1, &condition);
    while (HeapTuple tuple = systable_getnext(scan)) {
        const auto *trigger = reinterpret_cast<Form_pg_trigger>(GETSTRUCT(tuple));
        if (!TRIGGER_FOR_ROW(trigger->tgtype) ||
            std::ranges::find(functions, trigger->tgfoid) == functions.end() || state.size() < 2)
            continue;
        state[0] = trigger->oid;
        state[1] = HeapTupleHeaderGetRawXmin(tuple->t_data);
        state = state.subspan(2);
        if (TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data)))
            *altered_by = compat::local_transaction();
    }
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    return state;
}

std::optional<Oid> file_of(Oid relation) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple)) return std::nullopt;
    const Oid file = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relfilenode;
    ReleaseSysCache(tuple);
    return file;
}

KnownPartition known_partition(Oid partition) {
    KnownPartition known;
    Relation relation = OidIsValid(partition) ? try_relation_open(partition, AccessShareLock) : nullptr;
    if (relation == nullptr) return known;
    known.state[0] = partition;
    known.state[1] = compat::file_of(relation);
    (void)add_trigger_states(relation,
                             {trigger_function(trigger_functions::journal),
                              trigger_function(trigger_functions::invalidate_counters)},
                             std::span(known.state).subspan(2), &known.altered_by);
    relation_close(relation, AccessShareLock);
    return known;
}

const KnownPartition &partition_of_item(Store &store, ItemKey item) {
    Relation table = table_open(store.binding.item_table.relation, NoLock);
    const Oid partition = locked_partition(table, item.value);
    table_close(table, NoLock);
    KnownPartition &known = store.caches.partition_at(partition);
    if (known.state[0] != partition) known = known_partition(partition);
    return known;
}

bool is_altered_here(Store &store, ItemKey item) {
    const LocalTransactionId here = compat::local_transaction();
    return store.binding.altered_by == here || (store.binding.item_table.is_partitioned &&
                                                partition_of_item(store, item).altered_by == here);
}

} // namespace vend
