#pragma once
// Finds the store that a call or a trigger means, and keeps resolved stores.
//
// Resolving a store costs many catalog look-ups, so each session caches its stores with their plans. An
// invalidation of one of the relations or of one of their schemas marks a store as stale, and the next
// call resolves it again. After a change of the registry, the next call compares the store's row with
// the row that the store was made from.
//
// Locks: open_store() first locks the store's tables ROW EXCLUSIVE until the end of the transaction, in
// the order of every call, as the statements of the call would do anyway. Only then does it check
// whether the cached store is still valid. From there on, no ALTER TABLE of another session can change
// what was resolved.
//
// What must stay true: the invalidation callbacks only set marks. A stale store is freed when no call of
// pg_vend is running, because a trigger of the user's may call pg_vend from within a call, which still
// uses the store.
//
// docs/architecture.md explains this in "Binding".

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "core/right.hpp"

#include <initializer_list>

namespace vend {

// The name of the store that a call means. It is a copy, because the setting or the registry may change.
const char *store_name(const char *name_or_null);

// The store that a call means: the named one, or else vend.default_store, or else the only one that the
// caller can use. Raises 42704 for an unknown store, 22023 for an ambiguous one, 55000 for one that is
// not valid any more, and 42501 when the caller is no member of the owner and has none of the rights.
Store &open_store(const char *name_or_null, std::initializer_list<Right> sufficient);

// The store of a trigger on one of its tables, or on a partition of one. The caller needs no right.
Store &open_store_of_trigger(const TriggerData *trigger);

// Turns an event of a partition into an event of the bound table, because the columns of a partition may
// have other numbers. The store's tables must be open.
TriggerData as_of_bound_table(const Store &store, const TriggerData *trigger);

// Frees the stale stores. To be called only when no call of pg_vend is running.
void free_stale_stores();

} // namespace vend
