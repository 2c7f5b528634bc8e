#pragma once
// Columns of a binding: found by their names, with types that the engine can count with and keys that an
// index makes unique. Raise 55000 for what cannot be bound, 42703 for what attaching names and is not
// there.

#include "base/prelude.hpp"

#include "binding/key_type.hpp"
#include "binding/store.hpp"

#include <initializer_list>

namespace vend {

// Without a hint of its own it gets the one for whoever changed a bound table or, of a store that is
// being attached, for whoever chose it.
[[noreturn]] void raise_invalid(const Store &store, const char *detail, const char *hint = nullptr);

// Raises 42703: the call names a column that is not there.
[[noreturn]] void raise_unknown_column(const char *table, const char *column);

// Columns that the engine writes must not be generated.
void require_writable(const Store &store, Relation relation,
                      std::initializer_list<const char *> columns);

// A column of exactly this type.
BoundColumn bind_typed(const Store &store, Relation relation, const char *name, Oid wanted);
// A column of numbers, its last decimal a step.
BoundColumn bind_number(const Store &store, Relation relation, const char *name);
// A column of whole numbers.
BoundColumn bind_count(const Store &store, Relation relation, const char *name);
// A column for the lock mode, with room for each of them.
BoundColumn bind_lock_mode(const Store &store, Relation relation, const char *name);
// The key of items or wallets.
BoundColumn bind_key(const Store &store, Relation relation, const char *name, KeyType *key);
// A column of a companion table that keeps such keys. Of a store without wallets it says what they are.
BoundColumn bind_kept_key(const Store &store, Relation relation, const char *name, KeyType *key);

// All money in the ledger is of one type, and that of the other tables has its decimals.
void require_same_money(const Store &store, Relation ledger, const BoundColumn &column);
void require_money(const Store &store, Oid relation, BoundColumn *column, bool may_have_fewer);

// An index of these columns, and of all rows; or none.
Oid find_index(Relation relation, std::initializer_list<AttrNumber> columns, bool is_unique);
// The index that makes these columns a key; one counter, one lock and one id each rest on it.
Oid require_unique(const Store &store, Relation relation, std::initializer_list<AttrNumber> columns);

} // namespace vend
