#pragma once
// A row of the ledger: a Movement is to be written, an Entry was recorded.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/kind.hpp"
#include "core/uuid.hpp"
#include "core/verdict.hpp"

#include <optional>

namespace vend {

// A row to write. The signs of quantity and amount are those of the changes of stock and balance.
struct Movement {
    Uuid id{};
    int32 line = 0;
    Kind kind = Kind::purchase;
    std::optional<ItemKey> item;
    std::optional<WalletKey> wallet;
    Quantity qty{};
    Money amount{};
    std::optional<Money> unit_price;
    std::optional<Money> list_price; // the item's price, if the caller stated another one
    std::optional<Uuid> ref;         // the purchase that is refunded
    TimestampTz at = 0;
    std::optional<Verdict> refusal; // a refusal to remember, with the quantity that was wanted
    Quantity refusal_qty{};
    std::optional<int32> ref_line;             // the line of the purchase that is refunded
    bool leaves_stock = false;                 // the item is unlimited: qty is no change of its stock
    std::optional<int32> item_era, wallet_era; // not set: the current eras, see rows/eras.hpp
};

// A recorded row.
struct Entry {
    const char *kind = nullptr;
    std::optional<ItemKey> item;
    std::optional<WalletKey> wallet;
    Quantity qty{};
    Money amount{};
    std::optional<Money> unit_price;
    std::optional<Uuid> ref;
    TimestampTz at = 0;
    const char *refusal = ""; // the status of a remembered refusal
    Quantity refusal_qty{};
    int32 ref_line = 0; // the line of the purchase that was refunded
    int32 item_era = 0;
    int32 wallet_era = 0;

    [[nodiscard]] bool is(Kind wanted) const { return to_text(wanted) == kind; }
};

// The movement of a sale.
Movement purchase_movement(const Uuid &id, ItemKey item, WalletKey buyer, Quantity qty,
                           const Decision &decision, TimestampTz at);

// The movement that remembers a refusal, at the current time.
Movement memory_of_refusal(const Uuid &id, ItemKey item, WalletKey buyer, Quantity qty, Verdict refusal);

} // namespace vend
