#pragma once
// A cart: several items for one buyer under one id, all of them or none.

#include "base/prelude.hpp"

#include "binding/key.hpp"
#include "binding/store.hpp"
#include "core/checked.hpp"
#include "core/decision.hpp"
#include "core/uuid.hpp"
#include "core/verdict.hpp"

#include <optional>
#include <span>

namespace vend {

struct CartLine {
    ItemKey item;
    SaleTerms terms;
};

struct CartRequest {
    WalletKey buyer;
    std::span<const CartLine> lines; // at least one, each of another item
    std::optional<Uuid> id;          // nothing: a new one
};

struct CartLineOutcome {
    const char *item = nullptr;
    Quantity qty{};
    std::optional<Money> unit_price;
    std::optional<Money> amount;
};

// Texts and lines live in the memory context that was given to sell_cart().
struct CartOutcome {
    Verdict verdict = Verdict::accept;
    bool replayed = false;
    std::optional<std::size_t> refused; // the line that is
    const char *detail = nullptr;
    const char *buyer = nullptr;
    std::optional<Uuid> id;
    std::span<CartLineOutcome> lines;
    std::optional<Money> amount; // of all lines
    std::optional<Money> balance;
    std::optional<TimestampTz> at;
};

// Sells, replays or refuses. The ledger has a line for each of the cart's, from 0. Raises faults as
// sell() does, and 22023 for an item that stands in the cart twice.
CartOutcome sell_cart(Store &store, const CartRequest &request, MemoryContext result_context);

} // namespace vend
