#pragma once
// Finds the columns of a binding by their names, and checks that the engine can count with their types
// and that an index makes their keys unique. These functions raise 55000 for a column that cannot be
// bound, and 42703 where a call that creates or attaches a store names a column that does not exist.

#include "base/prelude.hpp"

#include "binding/key_type.hpp"
#include "binding/store.hpp"

#include <initializer_list>

namespace vend {

// Raises 55000. Without a hint, the error gets the usual one of the store's stage: how to repair a
// binding, or how to choose a table that can be bound.
[[noreturn]] void raise_invalid(const Binding &binding, const char *detail, const char *hint = nullptr);

// Raises 42703: the call names a column that does not exist.
[[noreturn]] void raise_unknown_column(const char *table, const char *column);

// Requires that no column is generated, because the engine writes these columns.
void require_writable(const Binding &binding, Relation relation,
                      std::initializer_list<const char *> columns);

// Binds a column of exactly this type.
BoundColumn bind_typed(const Binding &binding, Relation relation, const char *name, Oid wanted);
// Binds a column of numbers, and counts in steps of its last decimal.
BoundColumn bind_number(const Binding &binding, Relation relation, const char *name);
// Binds a column of money, which may be wide.
BoundColumn bind_money(const Binding &binding, Relation relation, const char *name);
// Binds a column of numbers that are counted in whole units.
BoundColumn bind_count(const Binding &binding, Relation relation, const char *name);
// Binds a column of times.
BoundColumn bind_time(const Binding &binding, Relation relation, const char *name);
// Binds a column for lock modes, which must have room for the longest one.
BoundColumn bind_lock_mode(const Binding &binding, Relation relation, const char *name);
// Binds a column of currencies, whose values are compared as text.
BoundColumn bind_currency(const Binding &binding, Relation relation, const char *name);
// Binds the key of items or wallets, and sets the key type.
BoundColumn bind_key(const Binding &binding, Relation relation, const char *name, KeyType *key);
// Binds a column of a companion table that stores such keys. In a store without wallets, this column
// sets the type of the buyers' keys.
BoundColumn bind_kept_key(const Binding &binding, Relation relation, const char *name, KeyType *key);

// Requires that all money columns of the ledger have one type, and that the money of the other tables
// has the decimals of the ledger, or fewer where that is allowed.
void require_same_money(const Binding &binding, Relation ledger, const BoundColumn &column);
void require_money(const Binding &binding, Oid relation, BoundColumn *column, bool may_have_fewer);

// Finds a btree index of exactly these columns that contains all rows. InvalidOid where there is none.
Oid find_index(Relation relation, std::initializer_list<AttrNumber> columns, bool is_unique);
// Finds the unique index on these columns. The engine relies on it: a key has one row, so it has one
// lock and one counter, and an id is recorded once.
Oid require_unique(const Binding &binding, Relation relation, std::initializer_list<AttrNumber> columns);

} // namespace vend
