#pragma once
// Rights on a store, which are those on the columns of its view "role".

#include "base/prelude.hpp"

#include "core/right.hpp"

#include <initializer_list>

namespace vend {

// Whether the user has one of the rights, which the columns of the view carry.
bool has_right(Oid user, Oid role_relation, std::initializer_list<Right> sufficient);

// Run as the caller, who must own the store; SPI is connected.
void grant_right(const char *store, const char *right, Oid role);
void revoke_right(const char *store, const char *right, Oid role);

} // namespace vend
