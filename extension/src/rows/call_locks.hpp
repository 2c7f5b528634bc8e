#pragma once
// The locks of calls that are not row locks. They are advisory locks, in a class of their own for each
// kind:
//
// - id: in a store without wallets, calls with the same id queue here;
// - counter: in escrow, shared by those who sell and taken alone by those who close the counter;
// - load: taken while one session loads a counter;
// - turn: limits how many large batches of a store run at the same time.
//
// Why advisory locks, and not flags in shared memory: a wait for one of them is seen by the deadlock
// detector, ends at a timeout or a cancel, and is shown in pg_locks; and an abort releases the lock.
//
// Lock rules: locks of ids and counters last until the transaction ends. A load ends with the load, and
// a turn with the batch. A batch waits for its turn before it locks anything: a batch that runs could be
// waiting for those locks. Two keys with the same hash share a lock, which can cost a wait and never
// changes an answer.
//
// docs/locking.md has the order of all locks in "The order of locks"; docs/escrow.md and docs/batches.md
// say more about counters and turns.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "table/lock_wait.hpp"

namespace vend {

// Locks an id until the end of the transaction. A store without wallets has no row of the buyer to lock,
// so calls with the same id queue at this lock. False when it was not granted in the time allowed.
bool lock_id(const Store &store, Datum id, LockWait wait);

// Takes a turn for a batch. At most vend.concurrent_batches batches of a store have one at the same
// time: more would only read rows that those are about to write, and have to read them again. The caller
// should have nothing locked, because a batch with a turn could be waiting for it. Returns null when
// turns are switched off or none is free soon: a batch that is delayed must not delay others for long.
// Otherwise returns the argument of end_turn().
const LOCKTAG *begin_turn(const Store &store);
void end_turn(const LOCKTAG *turn);

// Locks the counter of an item until the end of the transaction. Calls that take units or add units use
// ShareLock; a call that closes the counter uses ExclusiveLock. Items with the same hash wait only while
// one of them is closed. False when the lock was not granted in the time allowed.
bool lock_counter(const Store &store, ItemKey item, LOCKMODE mode, LockWait wait);
// Releases a ShareLock early, in a call that did nothing to the counter.
void unlock_counter(const Store &store, ItemKey item);

// Locks the loading of an item's counter, while this session loads it. The load may itself wait for a
// lock, so the deadlock detector has to see the sessions that wait for the load. False when the lock was
// not granted in the time allowed.
bool lock_load(const Store &store, ItemKey item, LockWait wait);
void unlock_load(const Store &store, ItemKey item);

} // namespace vend
