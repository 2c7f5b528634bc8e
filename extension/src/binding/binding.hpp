#pragma once
// Turns a row of the registry into a binding: finds the relations and columns that the row names, and
// checks that each of them can play its role.
//
// The registry has names as text, because text survives a dump and a restore in any order, and object
// ids do not. A name counts only while it is true. So resolving a row checks all that the engine relies
// on: the relations are permanent tables of one owner without child tables, the columns have types that
// can be counted and compared exactly, each key has a unique index, and the triggers of this very store
// are there, once each and enabled. A row that is stale or was made by hand binds nothing: 55000.
//
// Locks: each table is locked ROW EXCLUSIVE when it is opened, until the end of the transaction, in the
// order of every call: items, wallets, ledger, deltas. So other sessions cannot alter what was checked.
// They can still change the registry and rename a schema; binding/open_store.cpp compares both
// afterwards.
//
// What must stay true: all that a binding points to lives in its own memory context. Faults that
// concern escrow only do not make a binding invalid; they are kept in Binding::escrow_problem.
//
// docs/architecture.md explains this in "Binding".

#include "base/prelude.hpp"

#include "binding/registry.hpp"
#include "binding/store.hpp"

namespace vend {

// Raises 55000 unless the relation is a permanent table. It may be partitioned only where stated.
void require_table(const Binding &binding, Relation relation, bool may_be_partitioned);

// Raises 55000 unless the partition of items is permanent and has the triggers that journal its rows and
// invalidate their counters. The bound table, which is its parent, proves neither.
void require_item_partition(const Binding &binding, Oid partition);

// Locks those tables of the row that exist, in the order in which each call locks them.
void lock_bound(const RegistryRow &row, LOCKMODE mode);

// Fills in a binding, whose memory context is set. Raises 55000, with the store's name and what is
// wrong, when the binding is not valid.
void resolve_binding(const RegistryRow &row, Binding *binding);

} // namespace vend
