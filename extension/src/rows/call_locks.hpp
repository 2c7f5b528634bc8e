#pragma once
// Locks that calls take where there is no row to lock: advisory locks of ids and of counters, of turns
// of batches and of loads of counters.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "table/lock_wait.hpp"

namespace vend {

// In a store without wallets nothing of the buyer can be locked, so calls with one id queue at a lock of
// the id, until the end of the transaction. Ids that collide in it wait for each other, no more. False
// when it was not to be had in the time allowed.
bool lock_id(const Store &store, Datum id, LockWait wait);

// The turn of a batch: as many of a store as vend.concurrent_batches says run at the same time. Others
// would read rows that those are about to write, and write none of them before. Who waits for it should
// have nothing locked: who holds the turn could be waiting for it. Null where there is none to be had,
// or not soon, so that whoever is held up holds up nobody else for long; else what end_turn() takes.
const LOCKTAG *begin_turn(const Store &store);
void end_turn(const LOCKTAG *turn);

// The lock of an item's counter in shared memory: shared by all who take from it or add to it, until the
// end of their transactions; exclusive for who closes it. It is a lock that the deadlock detector sees.
// Items that collide in it wait for each other's closing, no more.
bool lock_counter(const Store &store, ItemKey item, LOCKMODE mode, LockWait wait);
// Of a share lock whose call did nothing with it.
void unlock_counter(const Store &store, ItemKey item);

// The lock of whoever loads an item's counter, for as long as that takes: he may himself wait for a
// lock, so who waits for him is seen by the deadlock detector.
bool lock_load(const Store &store, ItemKey item, LockWait wait);
void unlock_load(const Store &store, ItemKey item);

} // namespace vend
