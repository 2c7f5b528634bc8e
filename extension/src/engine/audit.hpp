#pragma once
// Comparing the counters in shared memory with the rows that they were loaded from.

#include "base/prelude.hpp"

#include "core/checked.hpp"
#include "store/store.hpp"

#include <optional>

namespace vend {

struct CounterFinding {
    const char *item = nullptr;
    std::optional<Quantity> expected; // by row and deltas; nothing: the item is not in escrow
    Quantity found{};
    const char *repair = nullptr; // SQL
};

// Counters that are wrong, each a CounterFinding; those of items on which something is pending, or which
// change while this looks, are passed over.
List *audit_counters(Store &store);

} // namespace vend
