#pragma once
// Who settles: one background worker for each database that has something to settle. It is started on
// demand and goes when it has had nothing to do for a while.

#include "base/prelude.hpp"

namespace vend {

// Called once something is pending on a counter. Starts a worker unless one is there; that no worker can
// be had is no error, the next call tries again.
void ensure_settler();

// The worker's side: false when it is not wanted.
bool register_settler(Oid database);
// Gives the place up; the worker looks once more for work after that, and takes it again if there is
// some.
void unregister_settler();

} // namespace vend
