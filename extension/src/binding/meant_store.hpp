#pragma once
// Finds the store that a call without a store name means: the only one that exists, or else the only one
// that the caller can use.
//
// If each call looked at all stores of the database, a user who makes many stores would slow down
// everybody else. So a session keeps a listing of the stores, with the owner of each and whether any
// role has rights on it, and the answers for the last few users. The listing is valid until the
// registry, a view of rights or the schema of one changes. An answer is valid until one of these, a role
// or a membership changes.
//
// The callbacks of invalidations only count changes. They free nothing, because they can run in the
// middle of a look-up. The next look-up compares the count, which was taken before anything was read.

#include "base/prelude.hpp"

namespace vend {

// The name of the store, in the current memory context. Raises 42704 when there is no store, 42501 when
// the caller can use none, 22023 when the caller can use several.
const char *only_meant_store();

// Called by the invalidation callbacks. InvalidOid and 0 mean that everything may have changed.
void note_changed_relation(Oid relation);
void note_changed_schema(uint32 hash);
void note_changed_roles();

// The hash by which an invalidation names the schema.
uint32 schema_hash(Oid schema);

} // namespace vend
