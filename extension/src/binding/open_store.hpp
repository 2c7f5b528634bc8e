#pragma once
// Finding the store that a call or a trigger means.
//
// Stores are cached for each session. A store is resolved anew after any invalidation of its row of the
// registry, of one of its relations or of their schemas; the old one is freed when no call of ours is
// running, since a trigger of the user's may call us from within a call. open_store() locks the store's
// relations until the end of the transaction, as the statements to come would, and only then looks
// whether the store is still valid: from there on no ALTER TABLE can change what was resolved.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "core/right.hpp"

#include <initializer_list>

namespace vend {

// The name of the store that a call means; a copy, since a setting or the registry may change.
const char *store_name(const char *name_or_null);

// The store that a call means: the one named, else vend.default_store, else the only one. Raises
// 42704 for an unknown store, 22023 for an ambiguous one, 55000 for one that is no longer valid,
// 42501 for a caller who is neither a member of the owner nor has one of the rights that suffice.
Store &open_store(const char *name_or_null, std::initializer_list<Right> sufficient);

// The store of a trigger on one of its relations, or on a partition of one; the caller's rights do not
// matter.
Store &open_store_of_trigger(const TriggerData *trigger);

// The event as one of the bound table where it is one of a partition, whose columns may have other
// numbers. The store's tables are open.
TriggerData as_of_bound_table(const Store &store, const TriggerData *trigger);

// Frees the stores that went stale; called when no call of ours is running.
void free_stale_stores();

} // namespace vend
