#pragma once
// Many sales in one call and one transaction, decided in the order of the requests. A batch locks its
// wallets, then its items, decides all requests, and writes each row once. A refused, malformed or
// mismatched request gets its own outcome and changes nothing for the others.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "engine/sale.hpp"

#include <span>

namespace vend {

// A request. `problem` says why it is malformed, or is null.
struct BatchRequest {
    const char *problem = nullptr;
    SaleRequest sale; // lock_mode and wait are ignored; remember applies to the whole batch
};

// Returns one outcome for each request. Raises faults like sell(), but none about a single request.
std::span<SaleOutcome> sell_many(Store &store, std::span<const BatchRequest> requests, bool remembers,
                                 MemoryContext result_context);

} // namespace vend
