// pg_vend: table of contents.
//
//   entry/   the SQL functions and triggers: arguments in, rows and errors out
//   engine/  a sale and the other movements: read, lock, claim, decide, record
//   claim/   taking units from an item, one file for each lock mode
//   store/   the binding of a store, the statements composed from it, rows as the engine reads them
//   shared/  the counters of escrow items in shared memory, and who settles them
//   core/    the rules: statuses, quantities, money, the decision; no PostgreSQL in it
//   base/    PostgreSQL's headers, versions, SQLSTATEs, settings, ids
//
// Each uses only what stands below it. docs/architecture.md walks through a purchase, docs/words.md says
// what the words mean.

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
