#pragma once
// The schema of a store, and to whom it and the relations in it belong.

#include "base/prelude.hpp"

namespace vend {

Oid schema_owner(Oid schema);

// Makes the schema, which will be the owner's; false where it is there already. Raises 42501 for one
// that is not the caller's and the owner's: whoever has the schema could replace what the engine writes
// to as the owner.
bool provide_schema(const char *name, Oid owner);

// Gives relations that this call has made, a list of quoted names, to the owner of the store's tables:
// an event trigger may have given some of them to somebody else.
void give_relations(const List *names, Oid owner);

} // namespace vend
