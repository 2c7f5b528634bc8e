#pragma once
// Going on after an error, which only a subtransaction allows.

#include "base/prelude.hpp"

#include <type_traits>

namespace vend {

// Runs body() in a subtransaction. Null when all is well; else the subtransaction is rolled back, and
// the error is the caller's, in his memory context.
// Not inlined: what body() changes of the caller's is in memory when an error jumps back.
template <typename Body> [[gnu::noinline]] ErrorData *in_subtransaction(Body body) {
    static_assert(std::is_trivially_destructible_v<Body>, "an error jumps over destructors");
    MemoryContext context = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    ErrorData *volatile error = nullptr;

    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(context);
    PG_TRY();
    {
        body();
        ReleaseCurrentSubTransaction();
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        error = CopyErrorData();
        FlushErrorState();
        RollbackAndReleaseCurrentSubTransaction();
    }
    PG_END_TRY();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
    return error;
}

} // namespace vend
