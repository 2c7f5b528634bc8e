#pragma once
// The frame of every call: SPI connected, the store's owner as the current user, the state of the
// engine restored if an error passes through.

#include "base/prelude.hpp"

#include "store/as_role.hpp"
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

// Runs body() as the store's owner, with its tables open.
template <typename Body> void as_owner(Store &store, Body body) {
    static_assert(std::is_trivially_destructible_v<Body>, "an error jumps over destructors");
    as_role(store.owner, [&] {
        // A call within a call opens the deltas for itself.
        Relation deltas = calls_under_way > 1 ? store.delta_table.rel : nullptr;
        open_tables(store);
        body();
        close_tables(store);
        store.delta_table.rel = deltas;
    });
}

// Raises the clear error where nothing can be written: read-only transaction, standby, parallel
// worker, replica role.
void require_writable(const char *function);

} // namespace vend
