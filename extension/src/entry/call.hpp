#pragma once
// What every SQL function of ours does around its own work, inside the frame of rows/call.hpp.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "escrow/settle.hpp"
#include "rows/call.hpp"
#include "shared/settlers.hpp"

#include <type_traits>

namespace vend {

// Runs body() as the store's owner, with its tables open. Afterwards the call settles an item, if it is
// its turn.
template <typename Body> void as_owner(Store &store, Body body) {
    static_assert(std::is_trivially_destructible_v<Body>, "an error jumps over destructors");
    with_tables_open(store, [&] {
        if (innermost_call->outer == nullptr) may_be_callers_turn = false;
        body();
        if (may_be_callers_turn && innermost_call->outer == nullptr) settle_as_caller(store);
    });
}

// Raises the clear error where nothing can be written (read-only transaction, standby, parallel worker,
// replica role), and where the query's plan would tell something else than what is written. Every call
// that writes begins with it.
void require_writable(FunctionCallInfo fcinfo, const char *function);

} // namespace vend
