#pragma once
// The tables and views that a store has beside items and wallets.

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

} // namespace vend
