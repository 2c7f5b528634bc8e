#pragma once
// Ends the binding of a store.

#include "base/prelude.hpp"

#include "binding/registry.hpp"

namespace vend {

void detach_store(const char *name);

// Ends the binding of a registry row. When this returns, no other session has a call of the store
// running.
void end_binding(const RegistryRow &row);

// Adds the deltas to the rows of the items, as far as both still exist. The triggers are gone, and a
// lock keeps other sessions out.
void settle_unbound(const RegistryRow &row);

} // namespace vend
