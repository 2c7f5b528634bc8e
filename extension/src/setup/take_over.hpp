#pragma once
// Tables that belong to a store already, or belonged to one.

#include "base/prelude.hpp"

#include "binding/registry.hpp"

namespace vend {

// A registry row whose tables are gone is left over from a DROP SCHEMA. Raises 42710 where they are not.
void forget_dropped_store(const char *name);

// Raises 42710 where one of the tables belongs to a store.
void require_unbound(const RegistryRow &row);

// The tables of an earlier store, which the caller must own, to be bound anew: nobody writes to them
// until the end of the transaction, and the triggers that a dump brought along go.
void take_over(const RegistryRow &row);

} // namespace vend
