#pragma once
// Plain tables: those that carry nothing of the owner's that has to run with a write, so that their rows
// may be written without a statement.

#include "base/prelude.hpp"

#include "table/table.hpp"

#include <span>

namespace vend {

// Whether nothing of the owner's runs with a write of these columns (none: with rows that are inserted
// or deleted): no trigger but ours, those that the write does not fire and those of foreign keys of
// other columns, no rule, no generated column, no partition bound, and in checks and indexes no
// function, type or domain of his and nothing that is not immutable.
bool is_plain_table(Relation relation, std::span<const AttrNumber> written,
                    std::span<const Oid> our_functions);

// Compiles the CHECK constraints of a plain table.
void compile_checks(Table *table, Relation relation, MemoryContext context);

// Whether to insert a row may mean to wait for another transaction's, because of an index other than the
// key's.
bool has_other_unique_index(Relation relation, Oid key_index);

// What an ALTER TABLE changes that matters to who writes the table.
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
