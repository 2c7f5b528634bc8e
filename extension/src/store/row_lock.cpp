#include "base/prelude.hpp"

#include "store/row_lock.hpp"

namespace vend {
namespace {

// How often a row may be replaced while we wait for it.
constexpr int replacements_max = 1000;

// Runs the locking statement in a subtransaction under a lock_timeout of our own, which is the only way
// to survive its expiry. Only a wait that has already begun comes here.
LockResult lock_with_timeout(Store &store, Statement statement, Datum key, int timeout_ms, Rows *rows) {
    MemoryContext context = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    volatile bool timed_out = false;

    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(context);
    PG_TRY();
    {
        const int nest_level = NewGUCNestLevel();
        set_config_option("lock_timeout", psprintf("%d", timeout_ms), PGC_USERSET, PGC_S_SESSION,
                          GUC_ACTION_SAVE, true, 0, false);
        *rows = run(store, statement, {{key}});
        AtEOXact_GUC(true, nest_level);
        ReleaseCurrentSubTransaction();
        MemoryContextSwitchTo(context);
        CurrentResourceOwner = owner;
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        ErrorData *error = CopyErrorData();
        FlushErrorState();
        RollbackAndReleaseCurrentSubTransaction();
        MemoryContextSwitchTo(context);
        CurrentResourceOwner = owner;
        if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE) ReThrowError(error);
        FreeErrorData(error);
        timed_out = true;
    }
    PG_END_TRY();

    if (timed_out) return LockResult::busy;
    return rows->count == 1 ? LockResult::locked : LockResult::absent;
}

LockResult try_to_lock_row(Store &store, const LockStatements &statements, Datum key, LockWait wait,
                           Rows *rows) {
    // A tighter lock_timeout of the user's is left to end the wait the way it always does.
    const bool ours_is_tighter =
        wait.nowait || (wait.timeout_ms > 0 && (LockTimeout == 0 || wait.timeout_ms < LockTimeout));
    if (!ours_is_tighter) {
        *rows = run(store, statements.lock, {{key}});
        return rows->count == 1 ? LockResult::locked : LockResult::absent;
    }
    *rows = run(store, statements.lock_skip_locked, {{key}});
    if (rows->count == 1) return LockResult::locked;
    // Not there, or locked by somebody else.
    if (run(store, statements.read, {{key}}).count == 0) return LockResult::absent;
    if (wait.nowait) return LockResult::busy;
    return lock_with_timeout(store, statements.lock, key, wait.timeout_ms, rows);
}

} // namespace

LockResult lock_row(Store &store, const LockStatements &statements, Datum key, LockWait wait,
                    Rows *rows) {
    for (int i = 0; i < replacements_max; ++i) {
        const LockResult result = try_to_lock_row(store, statements, key, wait, rows);
        if (result != LockResult::absent) return result;
        // A row that was replaced while we waited for it is not gone: there is another of that key.
        if (run(store, statements.read, {{key}}).count == 0) return LockResult::absent;
        CHECK_FOR_INTERRUPTS();
    }
    return LockResult::busy;
}

} // namespace vend
