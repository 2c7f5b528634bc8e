#pragma once
// A row of the ledger: as it is to be written, and as it was recorded.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/kind.hpp"
#include "core/uuid.hpp"
#include "core/verdict.hpp"

#include <optional>

namespace vend {

// A row as it is written. Quantities and amounts are signed as they change stock and balance.
struct Movement {
    Uuid id{};
    int32 line = 0;
    Kind kind = Kind::purchase;
    std::optional<ItemKey> item;
    std::optional<WalletKey> wallet;
    Quantity qty{};
    Money amount{};
    std::optional<Money> unit_price;
    std::optional<Money> list_price; // the item's own, of a purchase for which another was stated
    std::optional<Uuid> ref;         // of a refund: the purchase
    TimestampTz at = 0;
    std::optional<Verdict> refusal; // of a remembered refusal, with how much was wanted
    Quantity refusal_qty{};
    std::optional<int32> ref_line;             // of a refund: the line of the purchase
    std::optional<int32> item_era, wallet_era; // nothing: those of now, see eras.hpp
};

// A row as it was recorded.
struct Entry {
    const char *kind = nullptr;
    std::optional<ItemKey> item;
    std::optional<WalletKey> wallet;
    Quantity qty{};
    Money amount{};
    std::optional<Money> unit_price;
    std::optional<Uuid> ref;
    TimestampTz at = 0;
    const char *refusal = ""; // of a remembered refusal: its status
    Quantity refusal_qty{};
    int32 ref_line = 0; // of a refund
    int32 item_era = 0;
    int32 wallet_era = 0;

    [[nodiscard]] bool is(Kind wanted) const { return to_text(wanted) == kind; }
};

// Of a sale, to be recorded.
Movement purchase_movement(const Uuid &id, ItemKey item, WalletKey buyer, Quantity qty,
                           const Decision &decision, TimestampTz at);

// The memory of a refusal, to be recorded now.
Movement memory_of_refusal(const Uuid &id, ItemKey item, WalletKey buyer, Quantity qty, Verdict refusal);

} // namespace vend
