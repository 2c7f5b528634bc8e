#pragma once
// Tables that belong or belonged to another store.

#include "base/prelude.hpp"

#include "binding/registry.hpp"

namespace vend {

// Deletes a registry row that DROP SCHEMA left behind. Raises 42710 where the tables still exist.
void forget_dropped_store(const char *name);

// Raises 42710 where one of the tables belongs to a store.
void require_unbound(const RegistryRow &row);

// Prepares the tables of an earlier store, which the caller must own, for a new binding: locks them
// against writes until the end of the transaction, and drops the triggers that a dump restored.
void take_over(const RegistryRow &row);

} // namespace vend
