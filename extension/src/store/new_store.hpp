#pragma once
// What making a store and attaching one have in common.

#include "base/prelude.hpp"

#include "store/registry.hpp"

namespace vend {

// Raise 22023.
void require_store_name(const char *name);
void require_direct_writes(const char *direct_writes);
void require_buyers(const char *buyers);
const char *money_type_sql(const char *money_type); // as SQL: bigint or numeric(p,s)

// Makes the schema, which will be the owner's. Raises 42501 for one that is not the caller's and the
// owner's: whoever has the schema could replace what the engine writes to as the owner.
void provide_schema(const char *name, Oid owner);

// A registry row whose tables are gone is left over from a DROP SCHEMA. Raises 42710 where they are not.
void forget_dropped_store(const char *name);

// Raises 42710 where one of the tables belongs to a store.
void require_unbound(const RegistryRow &row);

// The tables of an earlier store, which the caller must own, to be bound anew: nobody writes to them
// until the end of the transaction, and the triggers that a dump brought along go.
void take_over(const RegistryRow &row);

} // namespace vend
