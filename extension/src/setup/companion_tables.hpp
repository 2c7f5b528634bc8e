#pragma once
// Companion tables: ledger, stock_delta, key_era, and the views holding and role.

#include "base/prelude.hpp"

#include "binding/registry.hpp"

namespace vend {

bool has_relation(const char *schema, const char *relation);

// The types of their columns, as SQL.
struct CompanionTypes {
    const char *item_key;
    const char *wallet_key;
    const char *money;
};

// The type of a column as SQL, with its collation. For a key: the type that the companions store it as.
char *column_sql(Oid relation, const char *column);
char *kept_key_sql(Oid relation, const char *column);

// Makes those companions that the schema does not have. Returns a list of their quoted names.
List *create_companions(const char *schema, const CompanionTypes &types);

// Gives the companions' columns the current types of the bound columns. Rewrites a companion whose type
// differs.
void retype_companions(const RegistryRow &row, const char *schema, const CompanionTypes &types);

} // namespace vend
