#pragma once
// The triggers that make tables those of a store.

#include "base/prelude.hpp"

#include "binding/registry.hpp"

namespace vend {

void create_triggers(const RegistryRow &row);

// Drops every trigger of ours that names the store or stands on one of its tables, whatever they were
// renamed to.
void drop_triggers(const RegistryRow &row);

} // namespace vend
