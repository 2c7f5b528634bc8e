// pg_vend: table of contents.
//
//   entry/    the SQL functions and triggers: arguments in, rows and errors out
//   plan/     what a call sees of the plan that makes it
//   batch/    many sales or transfers in one call; carts
//   engine/   a sale and the other movements: read, lock, decide, claim, record
//   claim/    taking units from an item, one file for each lock mode
//   escrow/   items whose units are counted in shared memory, their deltas, the settling worker
//   guard/    the version guard
//   setup/    making, attaching and detaching a store
//   rows/     the rows of a store: read, locked, written; the ledger; composed SQL
//   binding/  what a store is: its tables, columns and types
//   shared/   shared memory: counters, what is pending on them, which worker settles which database
//   table/    one table of PostgreSQL, whose rows are written without a statement
//   base/     PostgreSQL's headers and versions, SQLSTATEs, settings, ids
//   core/     the rules: verdicts, quantities, money, the decision; no PostgreSQL
//
// Each room uses only rooms that stand below it: scripts/rooms checks that. docs/architecture.md has a
// map and follows a sale through the files; docs/words.md says what the words mean.

#include "base/prelude.hpp"

#include "base/compat.hpp"
#include "base/settings.hpp"
#include "shared/memory.hpp"

extern "C" {
VEND_MODULE_MAGIC;
PGDLLEXPORT void _PG_init();
}

void _PG_init() {
    vend::settings::define();
    if (process_shared_preload_libraries_in_progress) vend::request_shared_memory();
}
