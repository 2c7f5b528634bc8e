#pragma once
// Writing and reading rows of guarded tables, by statements.

#include "base/prelude.hpp"

#include "binding/key_type.hpp"
#include "guard/guard.hpp"

#include <optional>
#include <span>

namespace vend {

// Counts up the version of a row that this transaction has written, unless that has been done since.
// With the rights of the caller, who has set the version: who may put triggers on the table must not get
// them run as its owner. SPI is connected.
void count_up(Relation relation, const Guard &guard, ItemPointer place, int64 was);

// A guarded table whose rows are found by a primary key of one column.
struct KeyedTable {
    Relation relation = nullptr;
    const Guard *guard = nullptr;
    AttrNumber key = 0;
    KeyType key_type;
};

// Raises unless the caller may change the table and it is what the comment above says. The lock of an
// UPDATE stays until the end of the transaction.
KeyedTable open_keyed(Oid id);
void close_keyed(const KeyedTable &table);

// The version of the row of a key, with the rights of the caller; nothing where he sees none.
std::optional<int64> read_version(const KeyedTable &table, Datum key);

// Sets columns to the fields of an object and the version to another, where it is what is expected, with
// the rights of the caller. Nothing where no such row was to be had; else its version as RETURNING has
// it.
struct VersionedUpdate {
    Datum key = 0;
    int64 expected = 0;
    int64 version = 0;
    Datum changes = 0; // jsonb
    std::span<const AttrNumber> columns;
};
std::optional<int64> update_versioned(const KeyedTable &table, const VersionedUpdate &update);

} // namespace vend
