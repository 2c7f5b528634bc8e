#pragma once
// What each SQL function does around its own work, inside the frame of rows/call.hpp.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "escrow/settle.hpp"
#include "rows/call.hpp"
#include "shared/settlers.hpp"

#include <type_traits>

namespace vend {

// Runs body() as the store's owner, with the store's tables open. Afterwards the call settles an item,
// where no worker does and it is the call's turn.
template <typename Body> void as_owner(Store &store, Body body) {
    static_assert(std::is_trivially_destructible_v<Body>, "an error jumps over destructors");
    with_tables_open(store, [&] {
        if (innermost_call->outer == nullptr) may_be_callers_turn = false;
        body();
        if (may_be_callers_turn && innermost_call->outer == nullptr) settle_as_caller(store);
    });
}

// Like as_owner(), for calls that name rows: with rls => 'caller', a row that the caller's policies hide
// does not exist.
template <typename Body> void for_caller(Store &store, Body body) {
    as_owner(store, [&] {
        innermost_call->looks_as_caller = store.binding.reads_as_caller;
        body();
        innermost_call->looks_as_caller = false;
    });
}

// Each function that writes calls this first. Raises a clear error where nothing can be written
// (25006: read-only transaction, standby, parallel worker; 55000: replica role), and where the plan of
// the query would show other answers than what is written (0A000).
void require_writable(FunctionCallInfo fcinfo, const char *function);

// Each raises 55000 for a store without such a table.
void require_items(const Store &store);
void require_wallets(const Store &store);

} // namespace vend
