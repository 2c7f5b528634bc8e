#pragma once
// What a store keeps beside items and wallets, and the triggers that make tables a store's.

#include "base/prelude.hpp"

#include "binding/registry.hpp"

namespace vend {

bool has_relation(const char *schema, const char *relation);

// Of its columns, as SQL.
struct CompanionTypes {
    const char *item_key;
    const char *wallet_key;
    const char *money;
};

// The type of a column as SQL, with its collation; of a key, the type in which companions keep it.
char *column_sql(Oid relation, const char *column);
char *kept_key_sql(Oid relation, const char *column);

// Makes what the schema does not have of ledger, stock_delta, holding and role; a list of the quoted
// names of what it made.
List *create_companions(const char *schema, const CompanionTypes &types);

// What has become of the types of bound columns becomes of the companions', which are rewritten where
// they differ.
void retype_companions(const RegistryRow &row, const char *schema, const CompanionTypes &types);

void create_triggers(const RegistryRow &row);

// Drops every trigger of ours that names the store or stands on one of its tables, whatever they were
// renamed to.
void drop_triggers(const RegistryRow &row);

// Brings the rows of the items up to their deltas, as far as there still are both. The triggers are
// gone, and a lock keeps everybody out.
void settle_unbound(const RegistryRow &row);

} // namespace vend
