#pragma once
// The frame of every call: SPI connected, the store's owner as the current user. If an error passes
// through, the frame restores the state of the engine, which a caller that catches the error goes on
// with, and keeps the rows of the owner's tables from a caller who is somebody else.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "table/as_role.hpp"
#include "table/engine_write.hpp"

#include <type_traits>

namespace vend {

// A call under way in this session: a user's trigger may call us from within a call.
struct Call {
    Call *outer;
    Oid caller;
    MemoryContext context;
    EngineWrite *write; // of the call around it
    // The store whose tables this call has open, and what the call around it had there.
    Store *store = nullptr;
    Relation deltas = nullptr;
};
inline Call *innermost_call = nullptr;

void begin_call(Call *call);

// Leaves the store and the engine to the call around this one as they were.
void end_call();

// Inside PG_CATCH: takes the row of a table out of what the caller is told, where he is not the owner.
void hide_rows_of_owner(Oid caller, MemoryContext context);

// Runs body() with SPI connected.
template <typename Body> void in_call(Body body) {
    static_assert(std::is_trivially_destructible_v<Body>, "an error jumps over destructors");
    Call call;
    begin_call(&call);
    PG_TRY();
    {
        SPI_connect();
        body();
        SPI_finish();
    }
    PG_CATCH();
    {
        end_call();
        hide_rows_of_owner(call.caller, call.context);
        PG_RE_THROW();
    }
    PG_END_TRY();
    end_call();
}

// Runs body() as the store's owner, with its tables open.
template <typename Body> void with_tables_open(Store &store, Body body) {
    static_assert(std::is_trivially_destructible_v<Body>, "an error jumps over destructors");
    as_role(store.binding.owner, [&] {
        // A call within a call opens the deltas for itself.
        innermost_call->deltas = store.binding.delta_table.rel;
        innermost_call->store = &store;
        open_tables(store);
        body();
        close_tables(store);
        store.binding.delta_table.rel = innermost_call->deltas;
        innermost_call->store = nullptr;
    });
}

} // namespace vend
