#pragma once
// Replays: answers a request from what the ledger recorded under its id.

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

// What a request asks for; the ledger must have the same under its id.
struct AskedMovement {
    Kind kind = Kind::purchase;
    std::optional<ItemKey> item;
    std::optional<WalletKey> wallet;
    Quantity qty{};              // signed as in the ledger
    std::optional<Money> amount; // signed, too; nothing for a purchase at the item's price
};

// The purchase that a request asks for. A stated price must be the price that was paid.
AskedMovement asked_purchase(ItemKey item, WalletKey buyer, const SaleTerms &terms);

inline constexpr const char *remembered_detail = "It was refused before under this id.";

// The refusal that a ledger row remembers. Raises 55000 for a word that is no refusal.
Verdict verdict_of_memory(const Store &store, const Entry &entry);

// Explains a difference in a sentence.
const char *mismatch_detail(Difference difference);

// Raises VN008: another request was recorded under the id.
[[noreturn]] void raise_id_mismatch(const Uuid &id, Difference difference);

// Whether the purchase under an id is a cart of several lines.
bool is_cart(Store &store, const Uuid &id);

// Raises VN008 with the first difference, unless the entry is what the request asks for.
void require_same_request(Store &store, const Uuid &id, const Entry &entry, const AskedMovement &asked);

// Raises VN008 with the first difference, unless the entry is a row of a refund of this purchase.
void require_same_refund(const Uuid &id, const Entry &entry, const Uuid &purchase);

// Whether the refund, which has `lines` rows, is of this item, by the recorded key or the current one.
bool is_refund_of_item(Store &store, const Entry &refund, int lines, ItemKey item);

// Voids an id: records that nothing will ever take place under it. Raises VN008 where something did. An
// id that is void already, or that remembers a refusal, stays so.
void void_id(Store &store, const Uuid &id);

} // namespace vend
