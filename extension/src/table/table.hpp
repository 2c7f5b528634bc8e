#pragma once
// Reads, locks and writes rows of a store's tables without SQL statements.
//
// A statement would start and end an executor for each row, which is most of the cost of a sale. So a
// row is found by descending the unique index on its key, and it is locked and written by the functions
// in which the executor itself ends. The result is the same as with SELECT, SELECT ... FOR NO KEY UPDATE
// and UPDATE of one row by its key: the same rows are read, the same locks are taken in the same queue,
// the same CHECKs and index entries are made, and the same errors are raised at each isolation level.
//
// Only plain tables are written in this way: writes to them run nothing of the owner's
// (table/plain.hpp). Reading and locking works for any table that is not partitioned.
//
// Rules for callers:
// - The tables are open and locked ROW EXCLUSIVE during the call (open_tables()), so no ALTER TABLE can
//   move a row.
// - Rows are read in the snapshot that was pushed last. What this transaction has written is seen after
//   the next push.
// - A write names the row version that it replaces. It does nothing and returns false when that version
//   is not the newest any more.
// - A version is kept from VACUUM by the older snapshot of the query that made the call. Where
//   old_snapshot_threshold overrides that, the version's writer tells whether its place was used again.
//
// docs/architecture.md explains this in "Rows".

#include "base/prelude.hpp"

#include "base/scope.hpp"
#include "table/fired_triggers.hpp"

#include <span>

namespace vend {

inline constexpr int key_columns_max = 2;

// A table of a store, with the index by which its rows are found.
struct Table {
    Oid relation = InvalidOid;      // invalid: the store has no such table
    mutable Relation rel = nullptr; // open during a call
    bool is_partitioned = false;    // then statements read and lock its rows, see rows/selected_rows.hpp
    Oid key_index = InvalidOid;
    int key_columns = 0;
    AttrNumber key_numbers[key_columns_max] = {};
    Oid key_collations[key_columns_max] = {};
    mutable FmgrInfo key_equal[key_columns_max] = {}; // the functions keep notes of their own here
    ExprState **checks = nullptr;                     // its CHECK constraints, compiled once
    KeyChecks key_checks = KeyChecks::of_no_row;
};

// Fills in a table and the equality functions of its index, which are allocated in the context.
void bind_table(Table *table, Relation relation, Oid key_index, MemoryContext context);

TupleTableSlot *new_row(const Table &table);

// Runs body(row) with an empty slot for a row of the table.
template <typename Body> auto with_row(const Table &table, Body body) {
    TupleTableSlot *row = new_row(table);
    const auto run = [&] { return body(row); };
    return run_then(run, [&] { ExecDropSingleTupleTableSlot(row); });
}

// One version of a row. Once the version is dead to everybody, its place may be used for another row.
// With old_snapshot_threshold that can happen while this call still runs. The writer tells the two
// apart.
struct RowVersion {
    ItemPointerData place{};
    TransactionId writer = InvalidTransactionId;
};
RowVersion version_of(TupleTableSlot *row);

// What a snapshot shows:
// - of_transaction: what a statement of this transaction would see now, by its isolation level;
// - latest: the newest commits of everybody, and the writes of this transaction;
// - committed: the newest commits only, without the writes of this transaction.
enum class SnapshotKind { of_transaction, latest, committed };

// Rows are read in the snapshot that was pushed last. A push makes earlier writes of this transaction
// visible to it.
void push_snapshot(SnapshotKind kind);
void pop_snapshot();

// Runs body() in a new snapshot of this kind.
template <typename Body> auto in_snapshot(SnapshotKind kind, Body body) {
    push_snapshot(kind);
    return run_then(body, pop_snapshot);
}

// A scan of the rows with one key.
struct RowScan {
    Relation index = nullptr;
    IndexScanDesc scan = nullptr;
};
RowScan begin_row_scan(const Table &table, std::span<const Datum> key);
bool next_row(const RowScan &scan, TupleTableSlot *row);
// Continues the scan with the rows of another key.
void restart_row_scan(const Table &table, const RowScan &scan, std::span<const Datum> key);
void end_row_scan(const RowScan &scan);

// Whether the snapshot still shows the row version that was read before.
bool is_in_snapshot(const Table &table, const RowVersion &version);

bool find_row_in_snapshot(const Table &table, std::span<const Datum> key, TupleTableSlot *row);

// Fetches a version that was read before, dead or alive. False when its place is used for another row
// now. The slot pins the page, so the version stays.
bool fetch_version(const Table &table, const RowVersion &version, TupleTableSlot *row);

// Finds a row by its key in a new snapshot of the transaction.
bool find_row(const Table &table, std::span<const Datum> key, TupleTableSlot *row);

bool has_key(const Table &table, std::span<const Datum> key, TupleTableSlot *row);

enum class RowLock { locked, busy, gone };

// Locks a row that was found FOR NO KEY UPDATE, and leaves its newest version in the slot. gone: the row
// was deleted or its key was changed. Raises 40001 where the isolation level does not allow following
// the row to a newer version.
RowLock lock_found_row(const Table &table, std::span<const Datum> key, TupleTableSlot *row,
                       LockWaitPolicy policy);

struct ColumnChange {
    Datum value = 0;
    AttrNumber number = InvalidAttrNumber;
    bool is_null = false;
};

// Several updates of rows of one table, which share the state that PostgreSQL's executor functions need.
// Later snapshots of this transaction show the updates after end_update().
struct TableUpdate {
    const Table &table;
    EState *state = nullptr;
    ResultRelInfo *result = nullptr;
    TupleTableSlot *was = nullptr;
    TupleTableSlot *is = nullptr;
};
TableUpdate begin_update(const Table &table);
void end_update(const TableUpdate &update);

// Replaces columns of one version of a row; waits while others have the row locked. False when the
// version is not the newest any more; at REPEATABLE READ and SERIALIZABLE this raises 40001 instead.
bool update_row(const TableUpdate &update, const RowVersion &version,
                std::span<const ColumnChange> changes);

void insert_rows(const Table &table, std::span<TupleTableSlot *> rows);

// Deletes a row that was just read. False when somebody else has changed or deleted it.
bool delete_row(const Table &table, TupleTableSlot *row);

// Raises 40001.
[[noreturn]] void raise_concurrent_write(const char *what);

} // namespace vend
