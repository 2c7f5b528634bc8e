#pragma once
// Every difference between the supported versions of PostgreSQL (15 to 18).

#include "base/prelude.hpp"

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "pg_vend is written for PostgreSQL 15 to 18"
#endif

// From 18 on PG_MODULE_MAGIC leaves a field out, which is a warning in C++.
#if PG_VERSION_NUM >= 180000
#define VEND_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "pg_vend", .version = nullptr)
#else
#define VEND_MODULE_MAGIC PG_MODULE_MAGIC
#endif

namespace vend::compat {

// Whether a kept plan was made under the current search path. If not, PostgreSQL is about to plan the
// statement again.
inline bool search_path_matches(const CachedPlanSource *source) {
#if PG_VERSION_NUM >= 170000
    return source->search_path == nullptr || SearchPathMatchesCurrentEnvironment(source->search_path);
#else
    return source->search_path == nullptr || OverrideSearchPathMatchesCurrent(source->search_path);
#endif
}

inline constexpr bool deferred_triggers_run_as_committer = PG_VERSION_NUM < 180000;

// transaction_timeout ends a background worker, too, in the middle of a transaction.
inline constexpr bool has_transaction_timeout = PG_VERSION_NUM >= 170000;

// Parses a type with its modifier, such as numeric(12,2). Raises when the text names no type.
inline void parse_type(const char *text, Oid *type, int32 *typmod) {
#if PG_VERSION_NUM >= 160000
    (void)parseTypeString(text, type, typmod, nullptr);
#else
    parseTypeString(text, type, typmod, false);
#endif
}

inline bool may_use_schema(Oid schema, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(NamespaceRelationId, schema, role, ACL_USAGE) == ACLCHECK_OK;
#else
    return pg_namespace_aclcheck(schema, role, ACL_USAGE) == ACLCHECK_OK;
#endif
}

// PostgreSQL 15 declares the walker without parameters, which means "takes none" in C++.
inline bool walk_expression(Node *node, bool (*walker)(Node *, void *), void *context) {
#if PG_VERSION_NUM >= 160000
    return expression_tree_walker(node, walker, context);
#else
    return expression_tree_walker(
        node, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker)), context);
#endif
}

inline bool walk_query(Query *query, bool (*walker)(Node *, void *), void *context) {
#if PG_VERSION_NUM >= 160000
    return query_tree_walker(query, walker, context, 0);
#else
    return query_tree_walker(query, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker)),
                             context, 0);
#endif
}

// The file that has the table's rows.
inline uint32 file_of(Relation relation) {
#if PG_VERSION_NUM >= 160000
    return relation->rd_locator.relNumber;
#else
    return relation->rd_node.relNode;
#endif
}

// Whether this transaction has given the table its file. Such a file may be truncated in place.
inline bool has_new_file(Relation relation) {
#if PG_VERSION_NUM >= 160000
    return relation->rd_createSubid != InvalidSubTransactionId ||
           relation->rd_newRelfilelocatorSubid != InvalidSubTransactionId ||
           relation->rd_firstRelfilelocatorSubid != InvalidSubTransactionId;
#else
    return relation->rd_createSubid != InvalidSubTransactionId ||
           relation->rd_newRelfilenodeSubid != InvalidSubTransactionId ||
           relation->rd_firstRelfilenodeSubid != InvalidSubTransactionId;
#endif
}

// The compiled CHECK constraints of a table that a statement writes.
inline ExprState **&checks_of(ResultRelInfo *result) {
#if PG_VERSION_NUM >= 180000
    return result->ri_CheckConstraintExprs;
#else
    return result->ri_ConstraintExprs;
#endif
}

// The number of the current transaction. No other transaction of this session has the same one.
inline LocalTransactionId local_transaction() {
#if PG_VERSION_NUM >= 170000
    return MyProc->vxid.lxid;
#else
    return MyProc->lxid;
#endif
}

// Whether this transaction holds a lock of this mode.
inline bool is_locked_here(const LOCKTAG &tag, LOCKMODE mode) {
#if PG_VERSION_NUM >= 170000
    return LockHeldByMe(&tag, mode, false);
#else
    return LockHeldByMe(&tag, mode);
#endif
}

inline bool is_enforced([[maybe_unused]] const ConstrCheck &check) {
#if PG_VERSION_NUM >= 180000
    return check.ccenforced;
#else
    return true;
#endif
}

// A virtual generated column is computed when a query reads it. The stored row has null there.
inline bool is_virtual([[maybe_unused]] const FormData_pg_attribute &attribute) {
#if PG_VERSION_NUM >= 180000
    return attribute.attgenerated == ATTRIBUTE_GENERATED_VIRTUAL;
#else
    return false;
#endif
}

// From 18 on, NOT NULL can be NOT VALID: older rows may have null.
inline bool is_never_null(TupleDesc descriptor, AttrNumber number) {
#if PG_VERSION_NUM >= 180000
    return TupleDescCompactAttr(descriptor, number - 1)->attnullability == ATTNULLABLE_VALID;
#else
    return TupleDescAttr(descriptor, number - 1)->attnotnull;
#endif
}

inline bool has_generated(const TupleConstr *constraints) {
#if PG_VERSION_NUM >= 180000
    return constraints->has_generated_stored || constraints->has_generated_virtual;
#else
    return constraints->has_generated_stored;
#endif
}

inline IndexScanDesc begin_index_scan(Relation relation, Relation index, Snapshot snapshot, int keys) {
#if PG_VERSION_NUM >= 180000
    return index_beginscan(relation, index, snapshot, nullptr, keys, 0);
#else
    return index_beginscan(relation, index, snapshot, keys, 0);
#endif
}

// Whether VACUUM may remove rows that a snapshot still shows.
inline bool may_outlive_snapshots() {
#if PG_VERSION_NUM >= 170000
    return false;
#else
    return old_snapshot_threshold >= 0;
#endif
}

// Writes an empty message to the WAL under the transaction's xid, and assigns one if there is none.
inline void log_transactional_message(const char *prefix) {
#if PG_VERSION_NUM >= 170000
    (void)LogLogicalMessage(prefix, "", 0, true, false);
#else
    (void)LogLogicalMessage(prefix, "", 0, true);
#endif
}

// An update says which indexes of the row need new entries.
#if PG_VERSION_NUM >= 160000
using IndexUpdate = TU_UpdateIndexes;
inline bool needs_index_entries(IndexUpdate update) {
    return update != TU_None;
}
inline void insert_updated_index_entries(ResultRelInfo *result, TupleTableSlot *row, EState *state,
                                         IndexUpdate update) {
    (void)ExecInsertIndexTuples(result, row, state, true, false, nullptr, NIL, update == TU_Summarizing);
}
inline void insert_index_entries(ResultRelInfo *result, TupleTableSlot *row, EState *state) {
    (void)ExecInsertIndexTuples(result, row, state, false, false, nullptr, NIL, false);
}
#else
using IndexUpdate = bool;
inline bool needs_index_entries(IndexUpdate update) {
    return update;
}
inline void insert_updated_index_entries(ResultRelInfo *result, TupleTableSlot *row, EState *state,
                                         IndexUpdate /*update*/) {
    (void)ExecInsertIndexTuples(result, row, state, true, false, nullptr, NIL);
}
inline void insert_index_entries(ResultRelInfo *result, TupleTableSlot *row, EState *state) {
    (void)ExecInsertIndexTuples(result, row, state, false, false, nullptr, NIL);
}
#endif

} // namespace vend::compat
