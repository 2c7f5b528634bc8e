#pragma once
// Grants and revokes rights on a store.

#include "base/prelude.hpp"

#include <initializer_list>

namespace vend {

// Run as the caller, who must own the store; SPI is connected.
void grant_right(const char *store, const char *right, Oid role);
void revoke_right(const char *store, const char *right, Oid role);

} // namespace vend
