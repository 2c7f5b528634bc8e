#pragma once
// Rights on a store, which are those on the columns of its view "role".

#include "base/prelude.hpp"

namespace vend {

// Run as the caller, who must own the store; SPI is connected.
void grant_right(const char *store, const char *right, Oid role);
void revoke_right(const char *store, const char *right, Oid role);

} // namespace vend
