#pragma once
// Who settles: one background worker for each database that has something to settle. It is started on
// demand and goes when it has had nothing to do for a while.
//
// Where no worker can be had for long, because max_worker_processes are all in use or it does not come
// up, sessions that sell settle what the worker would have: one of a database at a time, once an
// interval. That no worker is there any longer is known by the slot of the database in shared memory: it
// outlives the attempts to start one, and goes with a worker that has settled.

#include "base/prelude.hpp"

#include "base/clock.hpp"

namespace vend {

// Called once something is pending on a counter. Starts a worker unless one is there; that none can be
// had is no error, but a warning in the server's log now and then, and later calls try again.
void ensure_settler();

// Whether it is time for a session that has moved units in this call to settle; one at a time has the
// turn.
inline bool may_be_callers_turn = false; // set by ensure_settler()
bool begin_callers_turn();
// The next turn waits until its time has come, and for some times as long as a turn that took long.
void end_callers_turn(MonotonicTime begun);

// Since when a worker has been wanted in this database and none has come; 0 where that is not so.
MonotonicTime settler_missing_since();

// The worker's side: false when it is not wanted.
bool register_settler(Oid database);
// It is able to work.
void begin_settling();
// Gives the place up; the worker looks once more for work after that, and takes it again if there is
// some.
void unregister_settler();

} // namespace vend
