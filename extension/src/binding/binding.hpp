#pragma once
// From a row of the registry to a store: the relations and columns it names, checked.

#include "base/prelude.hpp"

#include "binding/registry.hpp"
#include "binding/store.hpp"

namespace vend {

// Raises 55000 for what is no permanent table, or partitioned where that may not be.
void require_table(const Store &store, Relation relation, bool may_be_partitioned);

// Raises 55000 unless the partition of items is permanent and carries the triggers that tell of its
// rows: the table that is bound says nothing of either.
void require_item_partition(const Store &store, Oid partition);

// Locks the tables that the row names, as far as they are there, in the order of every call.
void lock_bound(const RegistryRow &row, LOCKMODE mode);

// Fills a store in its own memory context. Raises 55000, naming the store and what is wrong, when the
// binding is no longer valid.
void resolve_binding(const RegistryRow &row, Store *store);

} // namespace vend
