#pragma once
// Checks rights on a store. A right is SELECT on a column of the store's view "role".

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "core/right.hpp"

#include <initializer_list>

namespace vend {

// Whether the user has one of the rights on this view.
bool has_right(Oid user, Oid role_relation, std::initializer_list<Right> sufficient);

// Whether the current user is a member of the owner or has one of the rights.
bool is_permitted(const Store &store, std::initializer_list<Right> sufficient);

// Like is_permitted(), for a store that may be invalid, so it is judged without being resolved. The
// owner is the owner of the first table that exists. If none exists, only a superuser is permitted.
bool is_permitted_unresolved(const char *name, std::initializer_list<Right> sufficient);

} // namespace vend
