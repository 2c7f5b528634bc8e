#pragma once
// Going on after an error, which only a subtransaction allows.

#include "base/prelude.hpp"

#include "table/engine_write.hpp"

#include <type_traits>

namespace vend {

template <typename Body> bool is_to_be_kept(Body &body) {
    if constexpr (std::is_void_v<std::invoke_result_t<Body &>>) {
        body();
        return true;
    } else {
        return body();
    }
}

// Runs body() in a subtransaction. Null when all is well; else the subtransaction is rolled back, and
// the error is the caller's, in his memory context.
// Not inlined: what body() changes of the caller's is in memory when an error jumps back.
template <typename Body> [[gnu::noinline]] ErrorData *in_subtransaction(Body body) {
    static_assert(std::is_trivially_destructible_v<Body>, "an error jumps over destructors");
    MemoryContext context = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    EngineWrite *write = current_engine_write();
    ErrorData *volatile error = nullptr;
    volatile bool is_kept = false;

    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(context);
    PG_TRY();
    {
        is_kept = is_to_be_kept(body);
        if (is_kept) ReleaseCurrentSubTransaction();
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        error = CopyErrorData();
        FlushErrorState();
        restore_engine_write(write);
        is_kept = false;
    }
    PG_END_TRY();
    if (!is_kept) RollbackAndReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
    return error;
}

// The same for a body() that tells whether anything of it is to be left. An error goes on to the caller,
// though not from within the subtransaction: a session would stay in it.
template <typename Body> bool kept_if(Body body) {
    bool is_kept = false;
    ErrorData *error = in_subtransaction([&] { return is_kept = body(); });
    if (error != nullptr) ReThrowError(error);
    return is_kept;
}

} // namespace vend
