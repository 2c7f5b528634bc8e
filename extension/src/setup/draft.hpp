#pragma once
// A store that is not one yet: whether its tables can be bound.

#include "base/prelude.hpp"

#include "binding/registry.hpp"
#include "binding/store.hpp"

namespace vend {

// A store that is not yet one, to tell a fault in its tables by.
Store draft_of(const char *name, Stage stage);

// Raises 55000 where a relation that the row names is not there.
void require_relations(const RegistryRow &row, Stage stage);

// Resolves the whole binding once, as the owner of the tables, so that whatever is wrong with it is said
// now.
void require_bindable(const RegistryRow &row, Stage stage);

} // namespace vend
