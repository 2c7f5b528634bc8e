#pragma once
// Running as the owner of a store, the way a foreign key is checked: with his rights, without his row
// level security. All that is his and may run, triggers and expressions, runs in here.

#include "base/prelude.hpp"

#include <type_traits>

namespace vend {

// Set in the worker that settles: what it does is nobody's call, and its own rights are for nobody.
inline bool is_unattended = false;

// Another role's session runs code of the owner's. It finds nothing through a search_path of the
// caller's, leaves no setting behind and queues nothing that would run with the caller's rights when he
// commits. Gives the nest level of settings to end.
int begin_foreign_call(int *security_context);

// An error restores the user with the (sub)transaction.
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
