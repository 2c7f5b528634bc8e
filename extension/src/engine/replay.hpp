#pragma once
// What an id that was used before stands for.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/identity.hpp"
#include "core/kind.hpp"
#include "core/uuid.hpp"
#include "core/verdict.hpp"
#include "rows/movement.hpp"

#include <optional>

namespace vend {

// What a request says that an id must stand for.
struct AskedMovement {
    Kind kind = Kind::purchase;
    std::optional<ItemKey> item;
    std::optional<WalletKey> wallet;
    Quantity qty{};              // signed as in the ledger
    std::optional<Money> amount; // likewise; nothing: of a purchase for the price of its time
};

// Of a purchase. What is stated of its price must be what was paid.
AskedMovement asked_purchase(ItemKey item, WalletKey buyer, const SaleTerms &terms);

inline constexpr const char *remembered_detail = "It was refused before under this id.";

// The refusal that an entry remembers. Raises 55000 for one that was made by hand.
Verdict verdict_of_memory(const Store &store, const Entry &entry);

// A difference in a sentence.
const char *mismatch_detail(Difference difference);

// Raises VN008: something else was recorded under the id.
[[noreturn]] void raise_id_mismatch(const Uuid &id, Difference difference);

// Whether the purchase of an id is a cart of several lines.
bool is_cart(Store &store, const Uuid &id);

// Raises VN008, saying what differs, unless the entry is what the request asks for.
void require_same_request(Store &store, const Uuid &id, const Entry &entry, const AskedMovement &asked);

// The same for a row of a refund.
void require_same_refund(const Uuid &id, const Entry &entry, const Uuid &purchase);

// Whether the refund, of so many lines, is one of this item, by the key of then or that of now.
bool is_refund_of_item(Store &store, const Entry &refund, int lines, ItemKey item);

// Records that nothing will ever take place under the id. Raises VN008 where something has. Voided
// twice, or after a refusal that was remembered, it is void.
void void_id(Store &store, const Uuid &id);

} // namespace vend
