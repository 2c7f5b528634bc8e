#pragma once
// Which store a call means that names none: the only one there is, else the only one that the caller can
// use.
//
// If each call looked at all stores of the database, whoever makes stores would slow down everybody
// else. So a session keeps a listing of the stores, with who owns each and whether anybody was given
// rights on it, and the answer that each of the last few users got. Both hold until something changes
// that they were made from: of the listing the registry, the relations that it names and their schemas;
// of the answers besides these the roles and who is a member of which.
//
// A change is only counted here: the callbacks of invalidations free nothing, since they can come in the
// midst of a look. Whoever looks next compares the count, which was taken before anything was read.

#include "base/prelude.hpp"

namespace vend {

// Its name, in the current memory context. Raises 42704 where there is no store, 42501 where the caller
// can use none, 22023 where the caller can use several.
const char *only_meant_store();

// What invalidations tell of. InvalidOid and 0: all of them.
void note_changed_relation(Oid relation);
void note_changed_schema(uint32 hash);
void note_changed_roles();

// By which a change of the schema is known.
uint32 schema_hash(Oid schema);

} // namespace vend
