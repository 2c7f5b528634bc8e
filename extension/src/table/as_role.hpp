#pragma once
// Runs code as the owner of a store, as PostgreSQL checks a foreign key: with the owner's rights and
// without the owner's row level security. Whatever the owner has put on the tables, triggers and
// expressions, runs inside as_role() and nowhere else.

#include "base/prelude.hpp"

#include <type_traits>

namespace vend {

// Set in the worker that settles. No user calls the worker, and code of an owner must never get the
// worker's own rights, which are a superuser's.
inline bool is_unattended = false;

// Restricts code of the owner that runs in a session of another role. The code finds nothing through
// the caller's search_path, leaves no setting behind, and queues nothing that would run with the
// caller's rights at commit. Returns the nest level of settings that the caller of this function ends.
int begin_foreign_call(int *security_context);

// Runs body() as the role. After an error, the abort of the (sub)transaction restores the user.
template <typename Body> void as_role(Oid role, Body body) {
    static_assert(std::is_trivially_destructible_v<Body>, "an error jumps over destructors");
    Oid user = InvalidOid;
    int security_context = 0;
    GetUserIdAndSecContext(&user, &security_context);
    int security_context_inside = security_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS;
    const int nest_level =
        user == role && !is_unattended ? 0 : begin_foreign_call(&security_context_inside);
    SetUserIdAndSecContext(role, security_context_inside);
    body();
    if (nest_level > 0) AtEOXact_GUC(false, nest_level);
    SetUserIdAndSecContext(user, security_context);
}

} // namespace vend
