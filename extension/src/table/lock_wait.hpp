#pragma once
// Waits for a lock no longer than the caller allows.

#include "base/prelude.hpp"

#include "table/subtransaction.hpp"

#include <algorithm>

namespace vend {

// How long to wait for a row lock.
struct LockWait {
    bool nowait = false;
    int timeout_ms = 0; // 0: only PostgreSQL's own lock_timeout limits the wait

    [[nodiscard]] bool is_bounded() const { return nowait || timeout_ms > 0; }
};

enum class LockResult { locked, absent, busy };

// Whether our limit is shorter than the user's lock_timeout. A shorter lock_timeout is left to
// PostgreSQL, which ends the wait with its own error.
inline bool is_ours_tighter(LockWait wait) {
    return wait.nowait || (wait.timeout_ms > 0 && (LockTimeout == 0 || wait.timeout_ms < LockTimeout));
}

// Runs acquire() in a subtransaction under a lock_timeout of our own. Its expiry is an error, and only a
// subtransaction lets the call go on after an error. Callers try without waiting first, so a call that
// meets no lock pays for no subtransaction. False when the time is over.
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

// A wait of at most ms_max milliseconds that ends before deadlock_timeout does.
inline int ms_without_deadlock_check(int ms_max) {
    return std::clamp(DeadlockTimeout / 2, 1, ms_max);
}

} // namespace vend
