#include "base/prelude.hpp"

#include "store/row_lock.hpp"

namespace vend {
namespace {

// The last number of our advisory locks, where PostgreSQL's own functions put 1 or 2, so that they never
// meet a lock of the user's.
constexpr uint16 id_lock_class = 0x7664;

// How often a row may be replaced while we wait for it.
constexpr int replacements_max = 1000;

// Runs acquire() in a subtransaction under a lock_timeout of our own, which is the only way to survive
// its expiry. Only a wait that has already begun comes here. False when the time was over.
template <typename Acquire> bool acquire_in_time(int timeout_ms, Acquire acquire) {
    MemoryContext context = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    volatile bool is_in_time = true;

    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(context);
    PG_TRY();
    {
        const int nest_level = NewGUCNestLevel();
        set_config_option("lock_timeout", psprintf("%d", timeout_ms), PGC_USERSET, PGC_S_SESSION,
                          GUC_ACTION_SAVE, true, 0, false);
        acquire();
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
        is_in_time = false;
    }
    PG_END_TRY();
    return is_in_time;
}

// A tighter lock_timeout of the user's is left to end the wait the way it always does.
bool is_ours_tighter(LockWait wait) {
    return wait.nowait || (wait.timeout_ms > 0 && (LockTimeout == 0 || wait.timeout_ms < LockTimeout));
}

LockResult try_to_lock_row(Store &store, const LockStatements &statements, Datum key, LockWait wait,
                           Rows *rows) {
    if (!is_ours_tighter(wait)) {
        *rows = run(store, statements.lock, {{key}});
        return rows->count == 1 ? LockResult::locked : LockResult::absent;
    }
    *rows = run(store, statements.lock_skip_locked, {{key}});
    if (rows->count == 1) return LockResult::locked;
    // Not there, or locked by somebody else.
    if (run(store, statements.read, {{key}}).count == 0) return LockResult::absent;
    if (wait.nowait) return LockResult::busy;
    if (!acquire_in_time(wait.timeout_ms, [&] { *rows = run(store, statements.lock, {{key}}); }))
        return LockResult::busy;
    return rows->count == 1 ? LockResult::locked : LockResult::absent;
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

bool lock_id(const Store &store, Datum id, LockWait wait) {
    const auto hash = DatumGetUInt64(
        DirectFunctionCall2(uuid_hash_extended, id, Int64GetDatum(store.ledger_relation)));
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, static_cast<uint32>(hash >> 32), static_cast<uint32>(hash),
                         id_lock_class);
    const bool is_bounded = is_ours_tighter(wait);
    if (LockAcquire(&tag, ExclusiveLock, false, is_bounded) != LOCKACQUIRE_NOT_AVAIL) return true;
    return !wait.nowait && acquire_in_time(wait.timeout_ms, [&] {
        (void)LockAcquire(&tag, ExclusiveLock, false, false);
    });
}

} // namespace vend
