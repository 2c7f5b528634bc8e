#pragma once
// Waiting for a lock no longer than the caller allows.

#include "base/prelude.hpp"

#include "table/subtransaction.hpp"

#include <algorithm>

namespace vend {

// How long to wait for a row lock.
struct LockWait {
    bool nowait = false;
    int timeout_ms = 0; // 0: as long as PostgreSQL's own lock_timeout allows

    [[nodiscard]] bool is_bounded() const { return nowait || timeout_ms > 0; }
};

enum class LockResult { locked, absent, busy };

// A tighter lock_timeout of the user's is left to end the wait the way it always does.
inline bool is_ours_tighter(LockWait wait) {
    return wait.nowait || (wait.timeout_ms > 0 && (LockTimeout == 0 || wait.timeout_ms < LockTimeout));
}

// Runs acquire() in a subtransaction under a lock_timeout of our own, which is the only way to survive
// its expiry. Only a wait that has already begun comes here. False when the time was over.
template <typename Acquire> bool acquire_in_time(int timeout_ms, Acquire acquire) {
    ErrorData *error = in_subtransaction([&] {
        const int nest_level = NewGUCNestLevel();
        set_config_option("lock_timeout", psprintf("%d", timeout_ms), PGC_USERSET, PGC_S_SESSION,
                          GUC_ACTION_SAVE, true, 0, false);
        acquire();
        AtEOXact_GUC(true, nest_level);
    });
    if (error == nullptr) return true;
    if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE) ReThrowError(error);
    FreeErrorData(error);
    return false;
}

// At most so many milliseconds, and less than it takes until anybody looks for deadlocks.
inline int ms_without_deadlock_check(int ms_max) {
    return std::clamp(DeadlockTimeout / 2, 1, ms_max);
}

} // namespace vend
