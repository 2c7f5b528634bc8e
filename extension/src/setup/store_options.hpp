#pragma once
// What the arguments that make a store or attach one may say.

#include "base/prelude.hpp"

namespace vend {

// Raise 22023.
void require_store_name(const char *name);
void require_direct_writes(const char *direct_writes);
void require_buyers(const char *buyers);
const char *money_type_sql(const char *money_type); // as SQL: bigint or numeric(p,s)

} // namespace vend
