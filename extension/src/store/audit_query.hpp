#pragma once
// The query behind vend.audit(): everything in a store that does not add up.

#include "base/prelude.hpp"

#include "store/store.hpp"

namespace vend {

// Columns: finding, key, expected, found, repair. Allocated in the current memory context.
char *compose_audit(const Store &store);

} // namespace vend
