#pragma once
// Many sales in one call and one transaction, in the order of their arrival: wallets are
// locked, then items, then everything is decided, then each row is written once. A request that is
// refused, malformed or mismatched is an outcome like any other and changes nothing for its neighbours.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "engine/sale.hpp"

#include <span>

namespace vend {

// A request and what makes it one that no sale can come of, or null.
struct BatchRequest {
    const char *problem = nullptr;
    SaleRequest sale; // lock_mode and wait are of no account, remember is that of the batch
};

// One outcome for each request. Raises faults only, as sell() does, but none for a single request.
std::span<SaleOutcome> sell_many(Store &store, std::span<const BatchRequest> requests, bool remembers,
                                 MemoryContext result_context);

} // namespace vend
