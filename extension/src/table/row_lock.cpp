#include "base/prelude.hpp"

#include "table/row_lock.hpp"

#include "base/compat.hpp"
#include "table/lock_wait.hpp"

#include <algorithm>

namespace vend {
namespace {

// Waits for the row in a subtransaction. The lock passes to the transaction around it; the pin of the
// row's page does not, so the caller reads the row once more.
bool wait_for_row(const Table &table, Datum key, int timeout_ms, const TupleTableSlot *found) {
    return acquire_in_time(timeout_ms, [&] {
        TupleTableSlot *row = new_row(table);
        row->tts_tid = found->tts_tid;
        (void)lock_found_row(table, {&key, 1}, row, LockWaitBlock);
        ExecDropSingleTupleTableSlot(row);
    });
}

} // namespace

LockResult lock_row(const Table &table, Datum key, LockWait wait, TupleTableSlot *row) {
    const LockWaitPolicy policy = is_ours_tighter(wait) ? LockWaitSkip : LockWaitBlock;
    // A row that was deleted while we waited may have been replaced by another one with the same key.
    for (int i = 0; i < replacements_max; ++i) {
        if (!find_row(table, {&key, 1}, row)) return LockResult::absent;
        switch (lock_found_row(table, {&key, 1}, row, policy)) {
        case RowLock::locked:
            return LockResult::locked;
        case RowLock::busy:
            if (wait.nowait || !wait_for_row(table, key, wait.timeout_ms, row)) return LockResult::busy;
            break;
        case RowLock::gone:
            break;
        }
        CHECK_FOR_INTERRUPTS();
    }
    return LockResult::busy;
}

bool lock_version(const Table &table, Datum key, const RowVersion &version, TupleTableSlot *row) {
    // Where VACUUM may have removed the version, fetching it checks that it is still there and pins it.
    TupleTableSlot *was = compat::may_outlive_snapshots() ? new_row(table) : nullptr;
    row->tts_tid = version.place;
    const bool is_locked = (was == nullptr || fetch_version(table, version, was)) &&
                           lock_found_row(table, {&key, 1}, row, LockWaitBlock) == RowLock::locked &&
                           has_key(table, {&key, 1}, row);
    if (was != nullptr) ExecDropSingleTupleTableSlot(was);
    return is_locked;
}

} // namespace vend
