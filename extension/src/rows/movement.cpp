#include "base/prelude.hpp"

#include "rows/movement.hpp"

namespace vend {

Movement purchase_movement(const Uuid &id, ItemKey item, WalletKey buyer, Quantity qty,
                           const Decision &decision, TimestampTz at) {
    Movement movement;
    movement.id = id;
    movement.kind = Kind::purchase;
    movement.item = item;
    movement.wallet = buyer;
    movement.qty = negated(qty);
    movement.amount = negated(decision.amount);
    movement.unit_price = decision.unit_price;
    movement.list_price = decision.list_price;
    movement.leaves_stock = decision.is_unlimited;
    movement.at = at;
    return movement;
}

Movement memory_of_refusal(const Uuid &id, ItemKey item, WalletKey buyer, Quantity qty,
                           Verdict refusal) {
    Movement movement;
    movement.id = id;
    movement.kind = Kind::refusal;
    movement.item = item;
    movement.wallet = buyer;
    movement.at = GetCurrentTimestamp();
    movement.refusal = refusal;
    movement.refusal_qty = qty;
    return movement;
}

} // namespace vend
