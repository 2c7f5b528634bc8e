#pragma once
// Checks the options of create_store, attach_store and reattach_store.

#include "base/prelude.hpp"

namespace vend {

// Each raises 22023 for a bad value.
void require_store_name(const char *name);
void require_direct_writes(const char *direct_writes);
void require_buyers(const char *buyers);
void require_rls(const char *rls);
// Null and the empty name leave the option out.
void require_unlimited(const char *unlimited);
const char *money_type_sql(const char *money_type); // as SQL: bigint or numeric(p,s)

} // namespace vend
