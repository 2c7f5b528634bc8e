#pragma once
// Adds units to an item.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/uuid.hpp"
#include "engine/movement_outcome.hpp"

#include <optional>

namespace vend {

struct RestockRequest {
    ItemKey item;
    Quantity qty{};
    std::optional<Uuid> id;
};
MovementOutcome restock(Store &store, const RestockRequest &request, MemoryContext result_context);

} // namespace vend
