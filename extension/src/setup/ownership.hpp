#pragma once
// Ownership checks: only the owner may change or drop a store.

#include "base/prelude.hpp"

#include "binding/registry.hpp"

namespace vend {

// Raises 42501 unless the caller owns what is left of the store's tables. Where nothing is left, the
// role that made the store and the owner of the database may go on.
void require_owner_of(const RegistryRow &row);

// The registry row of a store that the caller owns. Raises 42704 for an unknown store, else 42501.
RegistryRow own_store(const char *name);

} // namespace vend
