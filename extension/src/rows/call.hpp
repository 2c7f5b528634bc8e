#pragma once
// The frame of each call. in_call() connects SPI; with_tables_open() makes the store's owner the current
// user and opens the tables. When an error passes, the frame restores the state of the engine, because a
// caller that catches the error goes on in the same session. It also removes rows of the owner's tables
// from the error when the caller is not the owner.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "table/as_role.hpp"
#include "table/engine_write.hpp"

#include <type_traits>

namespace vend {

// A running call of this session. Calls nest, because a user's trigger may call pg_vend from within a
// call.
struct Call {
    Call *outer;
    Oid caller;
    MemoryContext context;
    EngineWrite *write; // the innermost engine write when the call began
    // The store whose tables this call has open, and the deltas that the call around it had open there.
    Store *store = nullptr;
    Relation deltas = nullptr;
    bool looks_as_caller = false; // rows that the caller's policies hide do not exist for the call
};
inline Call *innermost_call = nullptr;

void begin_call(Call *call);

// Restores the store and the engine for the call around this one.
void end_call();

// To be called inside PG_CATCH. Removes the DETAIL of an error that shows a row, unless the caller has
// the owner's rights. Returns when there is nothing to remove; otherwise it raises the changed error.
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
        // A call within a call opens the deltas itself.
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
