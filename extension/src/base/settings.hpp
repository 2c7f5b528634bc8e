#pragma once
// The settings vend.*. docs/sql-reference.md lists them with their units and who may set them.

#include "core/lock_mode.hpp"

namespace vend::settings {

void define();

// vend.default_store: the store of a call that names none. When empty, the database's only store.
const char *default_store();
// vend.current_buyer: the only wallet that a buyer may name in a store with buyers => 'own'. When
// empty, a buyer may name none there.
const char *current_buyer();
// vend.lock_mode: the lock mode of an item that has none of its own.
LockMode lock_mode();
// vend.lock_timeout, in ms: how long a sale waits for a row lock. 0 leaves the wait to lock_timeout.
int lock_timeout_ms();
// vend.concurrent_batches: how many batches of a store run at the same time. 0 means no limit.
int concurrent_batches();
// vend.escrow_items: how many counters of escrow items fit into shared memory.
int escrow_items();
// vend.escrow_wait, in ms: how long a sale waits for units that are pending in other transactions.
int escrow_wait_ms();
// vend.settle_interval, in ms: how long deltas gather before the worker settles them.
int settle_interval_ms();
// vend.write_by_statements: write every row by a statement, even where a direct write would do.
bool write_by_statements();
// vend.optimistic_retries: how often an optimistic sale starts over before it answers conflict.
int optimistic_retries();

} // namespace vend::settings
