#pragma once
// From a row of the registry to a store: the relations and columns it names, checked.

#include "base/prelude.hpp"

#include "binding/registry.hpp"
#include "binding/store.hpp"

namespace vend {

inline constexpr const char *journal_trigger = "vend_journal";
inline constexpr const char *journal_truncate_trigger = "vend_journal_truncate";
// PostgreSQL fires the triggers of a row in the order of their names: this one after the journal, which
// may refuse the write.
inline constexpr const char *counter_trigger = "vend_unjournalled";
inline constexpr const char *delta_trigger = "vend_delta";
inline constexpr const char *delta_truncate_trigger = "vend_delta_truncate";
inline constexpr const char *era_trigger = "vend_key_era";
inline constexpr const char *era_truncate_trigger = "vend_key_era_truncate";
inline constexpr const char *reborn_index = "key_era_reborn";
inline constexpr const char *append_only_trigger = "vend_append_only";
inline constexpr const char *append_only_truncate_trigger = "vend_append_only_truncate";

// The relation that a quoted, qualified name means, or InvalidOid.
Oid relation_named(const char *quoted_name);

// The table of the eras of keys, quoted and qualified: it is in the schema of the ledger.
char *eras_beside(const char *ledger);

// The owner of a relation, or InvalidOid.
Oid relation_owner(Oid relation);

// Its schema and name, for messages.
char *relation_label(Oid relation);

// Raises 55000 for what is no permanent table, or partitioned where that may not be.
void require_table(const Store &store, Relation relation, bool may_be_partitioned);

// Raises 55000 unless the partition of items is permanent and carries the triggers that tell of its
// rows: the table that is bound says nothing of either.
void require_item_partition(const Store &store, Oid partition);

// Locks the tables that the row names, as far as they are there, in the order of every call.
void lock_bound(const RegistryRow &row, LOCKMODE mode);

// Fills a store in its own memory context. Raises 55000, naming the store and what is wrong, when the
// binding is no longer valid.
void resolve_binding(const RegistryRow &row, Store *store);

} // namespace vend
