#pragma once
// Waiting for a row lock no longer than the caller allows.

#include "base/prelude.hpp"

#include "rows/rows.hpp"
#include "table/subtransaction.hpp"
#include "table/table.hpp"

#include <algorithm>

namespace vend {

// How often a row may be replaced while we wait for it.
inline constexpr int replacements_max = 1000;

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

// A tighter lock_timeout of the user's is left to end the wait the way it always does.
inline bool is_ours_tighter(LockWait wait) {
    return wait.nowait || (wait.timeout_ms > 0 && (LockTimeout == 0 || wait.timeout_ms < LockTimeout));
}

// Finds a row by its key and locks it FOR NO KEY UPDATE.
LockResult lock_row(Table &table, Datum key, LockWait wait, TupleTableSlot *row);

// Locks a version of a row that was found before, or what it has become; false when that has gone.
bool lock_version(Table &table, Datum key, const RowVersion &version, TupleTableSlot *row);

// In a store without wallets nothing of the buyer can be locked, so calls with one id queue at a lock of
// the id, until the end of the transaction. Ids that collide in it wait for each other, no more. False
// when it was not to be had in the time allowed.
bool lock_id(const Store &store, Datum id, LockWait wait);

// At most so many milliseconds, and less than it takes until anybody looks for deadlocks.
inline int ms_without_deadlock_check(int ms_max) {
    return std::clamp(DeadlockTimeout / 2, 1, ms_max);
}

// The turn of a batch: as many of a store as vend.concurrent_batches says run at the same time. Others
// would read rows that those are about to write, and write none of them before. Who waits for it should
// have nothing locked: who holds the turn could be waiting for it. Null where there is none to be had,
// or not soon, so that whoever is held up holds up nobody else for long; else what end_turn() takes.
const LOCKTAG *begin_turn(const Store &store);
void end_turn(const LOCKTAG *turn);

// The lock of an item's counter in shared memory: shared by all who take from it or add to it, until the
// end of their transactions; exclusive for who closes it. It is a lock that the deadlock detector sees.
// Items that collide in it wait for each other's closing, no more.
bool lock_counter(const Store &store, Datum item, LOCKMODE mode, LockWait wait);
// Of a share lock whose call did nothing with it.
void unlock_counter(const Store &store, Datum item);

// The lock of whoever loads an item's counter, for as long as that takes: he may himself wait for a
// lock, so who waits for him is seen by the deadlock detector.
bool lock_load(const Store &store, Datum item, LockWait wait);
void unlock_load(const Store &store, Datum item);

} // namespace vend
