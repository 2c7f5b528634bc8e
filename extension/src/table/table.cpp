#include "base/prelude.hpp"

#include "table/table.hpp"

#include "base/compat.hpp"

#include <algorithm>

namespace vend {
namespace {

// Describes the table to PostgreSQL's executor functions. The description has no triggers: writes to a
// plain table fire none but the checks of foreign keys, which check_foreign_keys() runs.
void describe_result(const Table &table, ResultRelInfo *result) {
    result->type = T_ResultRelInfo;
    result->ri_RelationDesc = table.rel;
    compat::checks_of(result) = table.checks;
}

void require_constraints(ResultRelInfo *result, EState *state, TupleTableSlot *row) {
    row->tts_tableOid = RelationGetRelid(result->ri_RelationDesc);
    if (result->ri_RelationDesc->rd_att->constr != nullptr) ExecConstraints(result, row, state);
}

bool may_owe_key_checks(const Table &table, const RowVersion &version) {
    return table.key_checks == KeyChecks::of_all_rows ||
           (table.key_checks == KeyChecks::of_own_rows &&
            TransactionIdIsCurrentTransactionId(version.writer));
}

void insert_index_entries(ResultRelInfo *result, EState *state, TupleTableSlot *row,
                          compat::IndexUpdate update) {
    if (!compat::needs_index_entries(update)) return;
    if (result->ri_IndexRelationDescs == nullptr) ExecOpenIndices(result, false);
    compat::insert_updated_index_entries(result, row, state, update);
}

// Once a row of a page was updated, the page's free space is below the table's fillfactor, and an
// ordinary index scan prunes the page at each access. For rows that each sale updates, this was a tenth
// of the cost of a sale, and a WAL record. We prune a page only when it is about to be full.
constexpr Size pruned_below = BLCKSZ / 16;

// Like index_getnext_slot(), for a heap and for a snapshot that shows one version of each row.
bool next_heap_row(const RowScan &scan, TupleTableSlot *row) {
    Relation heap = scan.scan->heapRelation;
    while (ItemPointer found = index_getnext_tid(scan.scan, ForwardScanDirection)) {
        ItemPointerData place = *found;
        const Buffer buffer = ReadBuffer(heap, ItemPointerGetBlockNumber(&place));
        if (PageGetHeapFreeSpace(BufferGetPage(buffer)) < pruned_below)
            heap_page_prune_opt(heap, buffer);
        // The slot does not copy the tuple. It points into the page, which it keeps pinned.
        HeapTupleData &tuple = reinterpret_cast<BufferHeapTupleTableSlot *>(row)->base.tupdata;
        bool is_dead = false;
        LockBuffer(buffer, BUFFER_LOCK_SHARE);
        const bool is_visible =
            heap_hot_search_buffer(&place, heap, buffer, scan.scan->xs_snapshot, &tuple, &is_dead, true);
        LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
        if (is_visible) {
            pgstat_count_heap_fetch(scan.scan->indexRelation);
            ExecStoreBufferHeapTuple(&tuple, row, buffer);
            row->tts_tableOid = RelationGetRelid(heap);
        }
        ReleaseBuffer(buffer);
        if (is_visible) return true;
        scan.scan->kill_prior_tuple = is_dead && !scan.scan->xactStartedInRecovery;
    }
    return false;
}

TransactionId writer_of(TupleTableSlot *row) {
    bool is_null = false;
    return DatumGetTransactionId(slot_getsysattr(row, MinTransactionIdAttributeNumber, &is_null));
}

} // namespace

void bind_table(Table *table, Relation relation, Oid key_index, MemoryContext context) {
    table->relation = RelationGetRelid(relation);
    table->is_partitioned = relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
    table->key_index = key_index;
    table->key_checks = key_checks_of(relation);
    Relation index = index_open(key_index, AccessShareLock);
    table->key_columns = IndexRelationGetNumberOfKeyAttributes(index);
    for (int i = 0; i < table->key_columns; ++i) {
        const Oid type = index->rd_opcintype[i];
        const Oid equal = get_opfamily_member(index->rd_opfamily[i], type, type, BTEqualStrategyNumber);
        fmgr_info_cxt(get_opcode(equal), &table->key_equal[i], context);
        table->key_collations[i] = index->rd_indcollation[i];
        table->key_numbers[i] = index->rd_index->indkey.values[i];
    }
    index_close(index, NoLock);
}

TupleTableSlot *new_row(const Table &table) {
    return table_slot_create(table.rel, nullptr);
}

RowVersion version_of(TupleTableSlot *row) {
    if (TTS_IS_VIRTUAL(row)) return {}; // the row of a partitioned table, read by a statement
    return {row->tts_tid, writer_of(row)};
}

void raise_concurrent_write(const char *what) {
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access due to concurrent %s", what)));
    pg_unreachable();
}

void push_snapshot(SnapshotKind kind) {
    CommandCounterIncrement();
    switch (kind) {
    case SnapshotKind::of_transaction:
        PushActiveSnapshot(GetTransactionSnapshot());
        break;
    case SnapshotKind::latest:
        PushActiveSnapshot(GetLatestSnapshot());
        break;
    case SnapshotKind::committed:
        PushCopiedSnapshot(GetLatestSnapshot());
        GetActiveSnapshot()->curcid = FirstCommandId; // hides all that this transaction wrote
        break;
    }
}

void pop_snapshot() {
    PopActiveSnapshot();
}

RowScan begin_row_scan(const Table &table, std::span<const Datum> key) {
    RowScan scan;
    scan.index = index_open(table.key_index, AccessShareLock);
    scan.scan = compat::begin_index_scan(table.rel, scan.index, GetActiveSnapshot(),
                                         static_cast<int>(key.size()));
    restart_row_scan(table, scan, key);
    return scan;
}

void restart_row_scan(const Table &table, const RowScan &scan, std::span<const Datum> key) {
    ScanKeyData conditions[key_columns_max];
    const int count = static_cast<int>(key.size());
    for (int i = 0; i < count; ++i)
        ScanKeyEntryInitializeWithInfo(&conditions[i], 0, static_cast<AttrNumber>(i + 1),
                                       BTEqualStrategyNumber, InvalidOid, table.key_collations[i],
                                       &table.key_equal[i], key[i]);
    index_rescan(scan.scan, conditions, count, nullptr, 0);
}

bool next_row(const RowScan &scan, TupleTableSlot *row) {
    if (scan.scan->heapRelation->rd_tableam != GetHeapamTableAmRoutine())
        return index_getnext_slot(scan.scan, ForwardScanDirection, row);
    return next_heap_row(scan, row);
}

void end_row_scan(const RowScan &scan) {
    index_endscan(scan.scan);
    index_close(scan.index, NoLock);
}

bool is_in_snapshot(const Table &table, const RowVersion &version) {
    TupleTableSlot *row = new_row(table);
    ItemPointerData place = version.place;
    const bool is_there = table_tuple_fetch_row_version(table.rel, &place, GetActiveSnapshot(), row) &&
                          writer_of(row) == version.writer;
    ExecDropSingleTupleTableSlot(row);
    return is_there;
}

bool find_row_in_snapshot(const Table &table, std::span<const Datum> key, TupleTableSlot *row) {
    const RowScan scan = begin_row_scan(table, key);
    const bool is_found = next_row(scan, row);
    end_row_scan(scan);
    return is_found;
}

bool fetch_version(const Table &table, const RowVersion &version, TupleTableSlot *row) {
    ItemPointerData place = version.place;
    return table_tuple_fetch_row_version(table.rel, &place, SnapshotAny, row) &&
           writer_of(row) == version.writer;
}

bool find_row(const Table &table, std::span<const Datum> key, TupleTableSlot *row) {
    return in_snapshot(SnapshotKind::of_transaction,
                       [&] { return find_row_in_snapshot(table, key, row); });
}

bool has_key(const Table &table, std::span<const Datum> key, TupleTableSlot *row) {
    for (std::size_t i = 0; i < key.size(); ++i) {
        bool is_null = false;
        const Datum value = slot_getattr(row, table.key_numbers[i], &is_null);
        if (is_null || !DatumGetBool(FunctionCall2Coll(&table.key_equal[i], table.key_collations[i],
                                                       value, key[i])))
            return false;
    }
    return true;
}

RowLock lock_found_row(const Table &table, std::span<const Datum> key, TupleTableSlot *row,
                       LockWaitPolicy policy) {
    ItemPointerData version = row->tts_tid;
    uint8 flags = TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS;
    if (!IsolationUsesXactSnapshot()) flags |= TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
    TM_FailureData failure;
    switch (table_tuple_lock(table.rel, &version, GetActiveSnapshot(), row, GetCurrentCommandId(true),
                             LockTupleNoKeyExclusive, policy, flags, &failure)) {
    case TM_Ok:
        return !failure.traversed || has_key(table, key, row) ? RowLock::locked : RowLock::gone;
    case TM_WouldBlock:
        return RowLock::busy;
    case TM_Updated:
        raise_concurrent_write("update");
    case TM_Deleted:
        if (IsolationUsesXactSnapshot()) raise_concurrent_write("update");
        return RowLock::gone;
    case TM_SelfModified:
        return RowLock::gone;
    default:
        elog(ERROR, "unexpected result of locking a row of \"%s\"", RelationGetRelationName(table.rel));
    }
}

TableUpdate begin_update(const Table &table) {
    TableUpdate update{table};
    update.was = new_row(table);
    update.is = MakeSingleTupleTableSlot(RelationGetDescr(table.rel), &TTSOpsVirtual);
    update.state = CreateExecutorState();
    update.result = static_cast<ResultRelInfo *>(palloc0(sizeof(ResultRelInfo)));
    describe_result(table, update.result);
    CheckCmdReplicaIdentity(table.rel, CMD_UPDATE);
    return update;
}

bool update_row(const TableUpdate &update, const RowVersion &version,
                std::span<const ColumnChange> changes) {
    Relation rel = update.table.rel;
    const auto [was, is] = std::pair(update.was, ExecClearTuple(update.is));
    if (!fetch_version(update.table, version, was)) return false;
    ItemPointerData place = version.place;
    slot_getallattrs(was);
    std::copy_n(was->tts_values, RelationGetNumberOfAttributes(rel), is->tts_values);
    std::copy_n(was->tts_isnull, RelationGetNumberOfAttributes(rel), is->tts_isnull);
    for (const ColumnChange &change : changes) {
        is->tts_values[change.number - 1] = change.value;
        is->tts_isnull[change.number - 1] = change.is_null;
    }
    ExecStoreVirtualTuple(is);
    require_constraints(update.result, update.state, is);
    TM_FailureData failure;
    LockTupleMode lock_mode{};
    compat::IndexUpdate index_update{};
    switch (table_tuple_update(rel, &place, is, GetCurrentCommandId(true), GetActiveSnapshot(),
                               InvalidSnapshot, true, &failure, &lock_mode, &index_update)) {
    case TM_Ok:
        insert_index_entries(update.result, update.state, is, index_update);
        ResetPerTupleExprContext(update.state);
        if (may_owe_key_checks(update.table, version)) check_foreign_keys(rel, version.place, is);
        return true;
    case TM_Updated:
        if (IsolationUsesXactSnapshot()) raise_concurrent_write("update");
        return false;
    case TM_Deleted:
        if (IsolationUsesXactSnapshot()) raise_concurrent_write("delete");
        return false;
    default:
        elog(ERROR, "unexpected result of updating a row of \"%s\"", RelationGetRelationName(rel));
    }
}

void end_update(const TableUpdate &update) {
    if (update.result->ri_IndexRelationDescs != nullptr) ExecCloseIndices(update.result);
    FreeExecutorState(update.state);
    pfree(update.result);
    ExecDropSingleTupleTableSlot(update.is);
    ExecDropSingleTupleTableSlot(update.was);
    CommandCounterIncrement();
}

void insert_rows(const Table &table, std::span<TupleTableSlot *> rows) {
    EState *state = CreateExecutorState();
    ResultRelInfo result{};
    describe_result(table, &result);
    ExecOpenIndices(&result, false);
    for (TupleTableSlot *row : rows) {
        require_constraints(&result, state, row);
        ResetPerTupleExprContext(state);
    }
    if (rows.size() == 1)
        table_tuple_insert(table.rel, rows[0], GetCurrentCommandId(true), 0, nullptr);
    else
        table_multi_insert(table.rel, rows.data(), static_cast<int>(rows.size()),
                           GetCurrentCommandId(true), 0, nullptr);
    if (result.ri_NumIndices > 0)
        for (TupleTableSlot *row : rows) {
            compat::insert_index_entries(&result, row, state);
            ResetPerTupleExprContext(state);
        }
    ExecCloseIndices(&result);
    FreeExecutorState(state);
    CommandCounterIncrement();
}

bool delete_row(const Table &table, TupleTableSlot *row) {
    CheckCmdReplicaIdentity(table.rel, CMD_DELETE);
    TM_FailureData failure;
    switch (table_tuple_delete(table.rel, &row->tts_tid, GetCurrentCommandId(true), GetActiveSnapshot(),
                               InvalidSnapshot, true, &failure, false)) {
    case TM_Ok:
        return true;
    case TM_Updated:
    case TM_Deleted:
        return false;
    default:
        elog(ERROR, "unexpected result of deleting a row of \"%s\"", RelationGetRelationName(table.rel));
    }
}

} // namespace vend
