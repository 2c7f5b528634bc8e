#pragma once
// Giving units and money of a purchase back.

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
    std::optional<Quantity> qty; // nothing: all that is left or, with an amount, none
    std::optional<Uuid> id;
    std::optional<ItemKey> item; // of a cart; nothing: all its lines
    std::optional<Money> amount; // nothing: what was paid for the units
    bool restock = true;         // false: the units are written off
};
MovementOutcome refund(Store &store, const RefundRequest &request, MemoryContext result_context);

} // namespace vend
