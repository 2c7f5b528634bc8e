#pragma once
// The end of the binding of a store.

#include "base/prelude.hpp"

#include "binding/registry.hpp"

namespace vend {

void detach_store(const char *name);

// Ends the binding of a row. Once this is back, nobody else has a call of the store under way.
void end_binding(const RegistryRow &row);

// Brings the rows of the items up to their deltas, as far as there still are both. The triggers are
// gone, and a lock keeps everybody out.
void settle_unbound(const RegistryRow &row);

} // namespace vend
