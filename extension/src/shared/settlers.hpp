#pragma once
// Which worker settles which database: one background worker for each database that has deltas to
// settle. A session that sells starts it, and it goes when it has had nothing to do for a while. What
// the worker does is in escrow/worker.cpp.
//
// A slot in shared memory (shared/memory.hpp) stands for each database that has a worker or wants one:
//   - The worker enters its pid when it registers. It clears missed_since once it is able to work, and
//     its pid before it ends.
//   - A session that finds no worker sets missed_since, unless it is set, and next_start; so one session
//     at a time tries to start one.
//   - missed_since outlives the attempts to start a worker. Ten seconds after it the sessions that sell
//     also settle: one at a time in each database, once in each vend.settle_interval (next_turn).
// All of this is under settlers_lock. Nobody takes another lock meanwhile.

#include "base/prelude.hpp"

#include "base/clock.hpp"

namespace vend {

// Starts a worker unless there is one. Called once something is pending on a counter. If no worker can
// be started, that is no error: the server's log has a warning now and then, and later calls try again.
void ensure_settler();

// Whether a session that has moved units in this call should settle. One session at a time has the turn.
inline bool may_be_callers_turn = false; // set by ensure_settler()
bool begin_callers_turn();
// After a turn that took long, the next turn waits for some times as long.
void end_callers_turn(MonotonicTime begun);

// Since when this database has wanted a worker and has none; 0 where it has one or wants none.
MonotonicTime settler_missing_since();

// For the worker. False when its database has a worker already.
bool register_settler(Oid database);
// The worker is able to work.
void begin_settling();
// Gives the slot up. After that the worker looks for work once more, and registers again if there is
// some.
void unregister_settler();

} // namespace vend
