#pragma once
// What making a store and attaching one have in common.

#include "base/prelude.hpp"

#include "binding/registry.hpp"
#include "binding/store.hpp"

namespace vend {

// Raise 22023.
void require_store_name(const char *name);
void require_direct_writes(const char *direct_writes);
void require_buyers(const char *buyers);
const char *money_type_sql(const char *money_type); // as SQL: bigint or numeric(p,s)

Oid schema_owner(Oid schema);

// A store that is not yet one, to tell a fault in its tables by.
Store draft_of(const char *name, Stage stage);

// Makes the schema, which will be the owner's; false where it is there already. Raises 42501 for one
// that is not the caller's and the owner's: whoever has the schema could replace what the engine writes
// to as the owner.
bool provide_schema(const char *name, Oid owner);

// Gives relations that this call has made, a list of quoted names, to the owner of the store's tables:
// an event trigger may have given some of them to somebody else.
void give_relations(const List *names, Oid owner);

// Raises 55000 where a relation that the row names is not there.
void require_relations(const RegistryRow &row, Stage stage);

// Resolves the whole binding once, as the owner of the tables, so that whatever is wrong with it is said
// now.
void require_bindable(const RegistryRow &row, Stage stage);

// A registry row whose tables are gone is left over from a DROP SCHEMA. Raises 42710 where they are not.
void forget_dropped_store(const char *name);

// Raises 42710 where one of the tables belongs to a store.
void require_unbound(const RegistryRow &row);

// The tables of an earlier store, which the caller must own, to be bound anew: nobody writes to them
// until the end of the transaction, and the triggers that a dump brought along go.
void take_over(const RegistryRow &row);

} // namespace vend
