#pragma once
// The settings vend.*; each can be set by session, role and database.

#include "core/lock_mode.hpp"

namespace vend::settings {

void define();

// vend.default_store: the store of calls that name none; empty: the only store there is.
const char *default_store();
// vend.current_buyer: the only wallet that a buyer may name, of stores that ask for it; empty: none.
const char *current_buyer();
// vend.lock_mode: the mode of items that have none of their own.
LockMode lock_mode();
// vend.lock_timeout, in milliseconds: how long a sale waits for a row lock; 0: no limit of ours.
int lock_timeout_ms();
// vend.concurrent_batches: how many of a store run at the same time; 0: as many as there are.
int concurrent_batches();
// vend.escrow_items: how many counters of escrow items there is room for.
int escrow_items();

// vend.escrow_wait, in milliseconds: how long a sale waits for units that others may give back.
int escrow_wait_ms();

// vend.settle_interval, in milliseconds: how long deltas gather before they are settled.
int settle_interval_ms();

// vend.write_by_statements: whether even rows that could be written without a statement are not.
bool write_by_statements();

// vend.optimistic_retries: how often an optimistic sale starts over before it says conflict.
int optimistic_retries();

} // namespace vend::settings
