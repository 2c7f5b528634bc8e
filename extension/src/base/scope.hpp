#pragma once
// Scopes as a call: what runs inside is a lambda, and the way back cannot be forgotten. An error leaves
// a scope without going back, as it leaves every function here: PostgreSQL's own cleanup goes back then.

#include "base/prelude.hpp"

#include <type_traits>

namespace vend {

// What body() gives, after end() has run as well.
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
