#pragma once
// Writes and reads rows of guarded tables by statements.

#include "base/prelude.hpp"

#include "binding/key_type.hpp"
#include "guard/guard.hpp"

#include <optional>
#include <span>

namespace vend {

// Counts up the version of a row that this transaction has written, unless that was done already. Runs
// with the rights of the caller, who has set the version: otherwise a role that may put triggers on the
// table could have them run with the rights of its owner. SPI is connected.
void count_up(Relation relation, const Guard &guard, ItemPointer place, int64 was);

// A guarded table with a primary key of one column.
struct KeyedTable {
    Relation relation = nullptr;
    const Guard *guard = nullptr;
    AttrNumber key = 0;
    KeyType key_type;
};

// Raises unless the caller may update the table and the table is such a one. Takes the lock of an
// UPDATE, which stays until the end of the transaction.
KeyedTable open_keyed(Oid id);
void close_keyed(const KeyedTable &table);

// The version of a row, read with the rights of the caller. Nothing where the caller sees no such row.
std::optional<int64> read_version(const KeyedTable &table, Datum key);

// Sets columns to the fields of an object, and the version to the next one, in the row with this key and
// the expected version, with the rights of the caller. Returns the version from RETURNING, or nothing
// where no such row was found.
struct VersionedUpdate {
    Datum key = 0;
    int64 expected = 0;
    int64 version = 0;
    Datum changes = 0; // jsonb
    std::span<const AttrNumber> columns;
};
std::optional<int64> update_versioned(const KeyedTable &table, const VersionedUpdate &update);

} // namespace vend
