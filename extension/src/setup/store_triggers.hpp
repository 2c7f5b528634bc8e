#pragma once
// The triggers of a store on its tables.

#include "base/prelude.hpp"

#include "binding/registry.hpp"

namespace vend {

void create_triggers(const RegistryRow &row);

// Drops every trigger of pg_vend that names the store or stands on one of its tables, also where it was
// renamed.
void drop_triggers(const RegistryRow &row);

} // namespace vend
