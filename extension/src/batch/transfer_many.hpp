#pragma once
// Many transfers in one call and one transaction, carried out like a batch of sales.

#include "base/prelude.hpp"

#include "binding/store.hpp"
#include "engine/movement_outcome.hpp"
#include "engine/transfer.hpp"

#include <span>

namespace vend {

struct BatchTransfer {
    const char *problem = nullptr;
    TransferRequest transfer;
};

std::span<MovementOutcome> transfer_many(Store &store, std::span<const BatchTransfer> requests,
                                         MemoryContext result_context);

} // namespace vend
