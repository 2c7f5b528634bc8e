#pragma once
// Checks whether tables can be bound as a store.

#include "base/prelude.hpp"

#include "binding/registry.hpp"
#include "binding/store.hpp"

namespace vend {

// A store that is not made yet, for errors about its tables.
Binding draft_of(const char *name, Stage stage);

// Raises 55000 where a relation that the row names does not exist.
void require_relations(const RegistryRow &row, Stage stage);

// Resolves the whole binding once, as the owner of the tables, so that a fault in it is raised now.
void require_bindable(const RegistryRow &row, Stage stage);

} // namespace vend
