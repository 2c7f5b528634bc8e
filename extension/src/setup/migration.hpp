#pragma once
// Makes a migration that breaks the binding of a store fail itself, and not every write after it.
//
// An event trigger runs watch_migration() before each statement that could change a table of a store.
// From then on until the transaction ends, the session notes which relations change: PostgreSQL tells it
// by the invalidations of its caches, whatever the statement and however the change came about. Before
// the transaction commits, each store that such a relation belongs to is resolved. If it cannot be, the
// transaction fails with 55000, as a call would after it.
//
// The end of the transaction is the time to judge: until then the transaction may bind the tables as
// they are now, or end the binding. So a migration may take several statements, and savepoints that are
// rolled back do not matter.
//
// A transaction does not break
// - a binding that was broken before it: a restore makes a store in many transactions;
// - a store whose tables are all gone: it was dropped as a whole;
// - a store whose triggers are switched off, which is what a data-only restore does.
//
// Event triggers do not fire under session_replication_role = replica and in single-user mode. What is
// broken there is an error of the next call.

namespace vend {

// Watches the rest of the transaction.
void watch_migration();

} // namespace vend
