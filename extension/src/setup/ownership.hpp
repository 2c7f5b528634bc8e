#pragma once
// Whose a store is: what is done to the store itself is for him alone.

#include "base/prelude.hpp"

#include "binding/registry.hpp"

namespace vend {

// Raises unless the caller owns what is left of the store's tables; where nothing is left, unless he
// made the store or owns the database.
void require_owner_of(const RegistryRow &row);

// The row of a store that is the caller's. Raises 42704, 42501.
RegistryRow own_store(const char *name);

} // namespace vend
