#pragma once
// Writes units off: takes units out of stock that were not sold.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/uuid.hpp"
#include "engine/movement_outcome.hpp"

#include <optional>

namespace vend {

// Waits for pending units of other sales, as a sale does.
struct WriteOffRequest {
    ItemKey item;
    Quantity qty{};
    std::optional<Uuid> id;
};
MovementOutcome write_off(Store &store, const WriteOffRequest &request, MemoryContext result_context);

} // namespace vend
