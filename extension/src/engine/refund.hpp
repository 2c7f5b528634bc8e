#pragma once
// Gives units and money of a purchase back.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/uuid.hpp"
#include "engine/movement_outcome.hpp"

#include <optional>

namespace vend {

struct RefundRequest {
    Uuid purchase{};
    std::optional<Quantity> qty; // nothing: no units if an amount is given, else all that are left
    std::optional<Uuid> id;
    std::optional<ItemKey> item; // the line of a cart; nothing: all lines
    std::optional<Money> amount; // nothing: what the units cost
    bool restock = true;         // false: the units are written off
};
MovementOutcome refund(Store &store, const RefundRequest &request, MemoryContext result_context);

} // namespace vend
