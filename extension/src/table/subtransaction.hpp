#pragma once
// Runs code in a subtransaction: only so can a call go on after an error, or undo a part of its writes.

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

// Runs body() in a subtransaction. Returns null when there was no error. Otherwise the subtransaction
// is rolled back, and the error is returned in the caller's memory context. Not inlined, so that the
// caller's variables which body() changes are in memory, not in registers, when an error jumps back.
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

// Runs body() in a subtransaction that is kept only if body() returns true. An error is raised again
// after the subtransaction has ended: raised from within, it would leave the session in the
// subtransaction.
template <typename Body> bool kept_if(Body body) {
    bool is_kept = false;
    ErrorData *error = in_subtransaction([&] { return is_kept = body(); });
    if (error != nullptr) ReThrowError(error);
    return is_kept;
}

} // namespace vend
