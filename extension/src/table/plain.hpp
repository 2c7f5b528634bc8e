#pragma once
// Plain tables: writes to them run nothing of the owner's, so rows may be written without a statement.

#include "base/prelude.hpp"

#include "table/table.hpp"

#include <span>

namespace vend {

// Whether a write of these columns runs nothing of the owner's. An empty list means that rows are
// inserted and deleted. The table must have
// - no trigger that the write fires, except ours and those of foreign keys of other columns;
// - no rule, no generated column, and no partitions; nor may it be a partition;
// - in CHECKs and indexes no function, type or domain of a user, and only immutable expressions.
bool is_plain_table(Relation relation, std::span<const AttrNumber> written,
                    std::span<const Oid> our_functions);

// Compiles the CHECK constraints of a plain table. They live in the context.
void compile_checks(Table *table, Relation relation, MemoryContext context);

// Whether inserting a row may have to wait for another transaction because of an index other than the
// key's.
bool has_other_unique_index(Relation relation, Oid key_index);

// The properties of a table that matter for writing it and that ALTER TABLE can change.
struct TableShape {
    uint32 file = 0;
    int columns = 0;
    int checks = 0;
    int triggers = 0;
    bool has_rules = false;
};
TableShape shape_of(Relation relation);
bool is_same(const TableShape &a, const TableShape &b);

} // namespace vend
