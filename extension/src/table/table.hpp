#pragma once
// The rows of a store's tables, reached through the unique index on their key: an index descent and a
// write where a statement would start and end an executor as well, which is most of what a sale costs.
// What is read, how rows are locked and who waits for whom is as with SELECT, SELECT ... FOR NO KEY
// UPDATE and UPDATE of one row by its key.
//
// Only a plain store is written this way, one whose tables carry nothing of the owner's that has to run
// with a write (see is_plain_table() in table/plain.hpp).

#include "base/prelude.hpp"

#include "table/fired_triggers.hpp"

#include <initializer_list>
#include <span>

namespace vend {

inline constexpr int key_columns_max = 2;

// A table of a store, bound to the index that makes its key a key.
struct Table {
    Oid relation = InvalidOid;   // invalid: the store has no such table
    Relation rel = nullptr;      // open while a call is under way
    bool is_partitioned = false; // so its rows are reached by statements, see rows/selected_rows.hpp
    Oid key_index = InvalidOid;
    int key_columns = 0;
    AttrNumber key_numbers[key_columns_max] = {};
    Oid key_collations[key_columns_max] = {};
    FmgrInfo key_equal[key_columns_max] = {};
    ExprState **checks = nullptr; // its CHECK constraints, compiled once
    KeyChecks key_checks = KeyChecks::of_no_row;
};

// Binds a table to its key index; everything lives in the context.
void bind_table(Table *table, Relation relation, Oid key_index, MemoryContext context);

TupleTableSlot *new_row(const Table &table);

// One version of a row. Its place may be given to another row once the version is dead to everybody,
// which old_snapshot_threshold allows while this call still runs; who wrote it tells the two apart.
struct RowVersion {
    ItemPointerData place{};
    TransactionId writer = InvalidTransactionId;
};
RowVersion version_of(TupleTableSlot *row);

// What a snapshot shows: all that the transaction may see at this moment; what everybody's newest
// commits and this transaction's own writes are; the newest commits alone, as if this transaction had
// written nothing.
enum class SnapshotKind { of_transaction, latest, committed };

// Rows are read under the view that was begun last.
void push_snapshot(SnapshotKind kind);
void pop_snapshot();

// The rows of a key.
struct RowScan {
    Relation index = nullptr;
    IndexScanDesc scan = nullptr;
};
RowScan begin_row_scan(Table &table, std::span<const Datum> key);
bool next_row(const RowScan &scan, TupleTableSlot *row);
// Goes on with the rows of another key.
void restart_row_scan(Table &table, const RowScan &scan, std::span<const Datum> key);
void end_row_scan(const RowScan &scan);

// Whether a version of a row that was read before is the one that the view shows.
bool is_in_snapshot(Table &table, const RowVersion &version);

bool find_row_in_snapshot(Table &table, std::span<const Datum> key, TupleTableSlot *row);

// Fetches a version that was read before, dead or alive; false when its place is another's by now.
// Pinned by the slot, it stays.
bool fetch_version(const Table &table, const RowVersion &version, TupleTableSlot *row);

// Finds a row by its key, under a view of its own.
bool find_row(Table &table, std::span<const Datum> key, TupleTableSlot *row);

bool has_key(Table &table, std::span<const Datum> key, TupleTableSlot *row);

enum class RowLock { locked, busy, gone };

// Locks a row that was found FOR NO KEY UPDATE and gives its newest version. Gone: it was deleted, or
// its key changed. Raises 40001 where the snapshot of the transaction does not allow to follow it.
RowLock lock_found_row(Table &table, std::span<const Datum> key, TupleTableSlot *row,
                       LockWaitPolicy policy);

struct ColumnChange {
    AttrNumber number;
    Datum value;
    bool is_null = false;
};

// Updates of rows of one table, which share what PostgreSQL's executor needs for them. What they wrote
// is seen once they are ended.
struct TableUpdate {
    Table &table;
    EState *state = nullptr;
    ResultRelInfo *result = nullptr;
    TupleTableSlot *was = nullptr;
    TupleTableSlot *is = nullptr;
};
TableUpdate begin_update(Table &table);
void end_update(const TableUpdate &update);

// Replaces columns of one version of a row, once nobody else has it locked. False when it is no longer
// the newest version; raises 40001 where the snapshot of the transaction does not allow to go on then.
bool update_row(const TableUpdate &update, const RowVersion &version,
                std::initializer_list<ColumnChange> changes);

void insert_rows(Table &table, std::span<TupleTableSlot *> rows);

// Deletes a row that was just read. False when somebody else was first.
bool delete_row(Table &table, TupleTableSlot *row);

// Raises 40001.
[[noreturn]] void raise_concurrent_write(const char *what);

} // namespace vend
