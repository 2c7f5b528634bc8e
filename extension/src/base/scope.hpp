#pragma once
// Scopes as function calls: a lambda runs inside the scope, so nobody can forget to end the scope. An
// error skips the end, as it skips the rest of each function. PostgreSQL's own cleanup at the abort does
// the work of the end then.

#include "base/prelude.hpp"

#include <type_traits>

namespace vend {

// Runs body() and then end(), and returns the result of body().
template <typename Body, typename End> auto run_then(Body &body, End end) {
    static_assert(std::is_trivially_destructible_v<Body>, "an error jumps over destructors");
    if constexpr (std::is_void_v<decltype(body())>) {
        body();
        end();
    } else {
        auto result = body();
        end();
        return result;
    }
}

// Runs body() with another current memory context.
template <typename Body> auto in_context(MemoryContext context, Body body) {
    MemoryContext caller = MemoryContextSwitchTo(context);
    return run_then(body, [&] { MemoryContextSwitchTo(caller); });
}

} // namespace vend
