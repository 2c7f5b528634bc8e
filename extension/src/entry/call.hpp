#pragma once
// The frame of every call: SPI connected, the store's owner as the current user, the state of the
// engine restored if an error passes through.

#include "base/prelude.hpp"

#include "store/execute.hpp"
#include "store/store.hpp"

#include <type_traits>

namespace vend {

// Calls of ours under way in this session: a user's trigger may call us from within a call.
inline int calls_under_way = 0;

// Runs body() with SPI connected.
template <typename Body> void in_call(Body body) {
    static_assert(std::is_trivially_destructible_v<Body>, "an error jumps over destructors");
    EngineWrite *write = current_engine_write();
    if (calls_under_way == 0) free_stale_stores();
    ++calls_under_way;
    PG_TRY();
    {
        SPI_connect();
        body();
        SPI_finish();
    }
    PG_FINALLY();
    {
        --calls_under_way;
        restore_engine_write(write);
    }
    PG_END_TRY();
}

// Another role's session runs triggers of the owner's. They find nothing through a search_path of the
// caller's, leave no setting behind and queue nothing that would run with the caller's rights when he
// commits. Gives the nest level of settings to end.
int begin_foreign_call(int *security_context);

// Runs body() with the rights of the store's owner and without his row level security, the way a foreign
// key is checked. An error restores the user with the (sub)transaction.
template <typename Body> void as_owner(Store &store, Body body) {
    static_assert(std::is_trivially_destructible_v<Body>, "an error jumps over destructors");
    Oid user = InvalidOid;
    int security_context = 0;
    GetUserIdAndSecContext(&user, &security_context);
    int security_context_inside = security_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS;
    const int nest_level = user == store.owner ? 0 : begin_foreign_call(&security_context_inside);
    SetUserIdAndSecContext(store.owner, security_context_inside);
    open_tables(store);
    body();
    close_tables(store);
    if (nest_level > 0) AtEOXact_GUC(false, nest_level);
    SetUserIdAndSecContext(user, security_context);
}

// Raises the clear error where nothing can be written: read-only transaction, standby, parallel
// worker, replica role.
void require_writable(const char *function);

} // namespace vend
