#pragma once
// Rights on a store, which are those on the columns of its view "role": who has which.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "core/right.hpp"

#include <initializer_list>

namespace vend {

// Whether the user has one of the rights, which the columns of the view carry.
bool has_right(Oid user, Oid role_relation, std::initializer_list<Right> sufficient);

// Whether the current user is a member of the owner or has one of the rights.
bool is_permitted(const Store &store, std::initializer_list<Right> sufficient);

// The same as is_permitted(), of a store that may not be valid: as far as can be told without resolving
// it.
bool is_permitted_unresolved(const char *name, std::initializer_list<Right> sufficient);

} // namespace vend
