#pragma once
// The schema of a store, and the owner of the schema and of its relations.

#include "base/prelude.hpp"

namespace vend {

Oid schema_owner(Oid schema);

// Makes the schema for the owner. Returns false where the schema exists. Raises 42501 for a schema that
// does not belong to both the caller and the owner: its owner could replace the tables that the engine
// writes with the rights of the store's owner.
bool provide_schema(const char *name, Oid owner);

// Gives relations that this call has made to the owner of the store's tables. An event trigger may have
// given some of them to another role. `names` has quoted names.
void give_relations(const List *names, Oid owner);

} // namespace vend
