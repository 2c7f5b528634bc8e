#include "base/prelude.hpp"

#include "store/table_state.hpp"

#include "store/ddl.hpp"

#include <algorithm>

namespace vend {
namespace {

// The partition that rows of the key belong to, or InvalidOid. All that a table with a unique key is
// partitioned by is this key. One that is being detached counts, as long as sales of it may be pending.
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

// At whatever depth; it and those above it are locked.
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

uint32 *add_trigger_states(Oid relation, std::initializer_list<Oid> functions, uint32 *state,
                           const uint32 *end) {
    Relation catalog = table_open(TriggerRelationId, AccessShareLock);
    ScanKeyData condition;
    ScanKeyInit(&condition, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(relation));
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

std::optional<Oid> file_of(Oid relation) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple)) return std::nullopt;
    const Oid file = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relfilenode;
    ReleaseSysCache(tuple);
    return file;
}

PartitionState partition_state(Oid partition) {
    PartitionState state{};
    const auto file = file_of(partition);
    if (!file) return state;
    state[0] = partition;
    state[1] = *file;
    (void)add_trigger_states(partition, {trigger_function("journal"), trigger_function("counter")},
                             state.data() + 2, state.data() + state.size());
    return state;
}

PartitionState partition_of_item(Store &store, Datum item) {
    if (!store.item_table.is_partitioned) return {};
    Relation table = table_open(store.item_table.relation, NoLock);
    const Oid partition = locked_partition(table, item);
    table_close(table, NoLock);
    PartitionState &known = store.partition_at(partition);
    if (known[0] != partition) known = partition_state(partition);
    return known;
}

} // namespace vend
