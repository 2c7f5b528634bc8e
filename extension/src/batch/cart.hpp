#pragma once
// A cart sells several items to one buyer under one id: all lines or none.

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
    std::span<const CartLine> lines; // at least one, each with another item
    std::optional<Uuid> id;          // nothing: the cart gets a new one
};

struct CartLineOutcome {
    const char *item = nullptr;
    Quantity qty{};
    std::optional<Money> unit_price;
    std::optional<Money> amount;
};

// Texts and lines are allocated in the memory context that was passed to sell_cart().
struct CartOutcome {
    Verdict verdict = Verdict::accept;
    bool replayed = false;
    std::optional<std::size_t> refused; // the line that is refused
    const char *detail = nullptr;
    const char *buyer = nullptr;
    std::optional<Uuid> id;
    std::span<CartLineOutcome> lines;
    std::optional<Money> amount; // of all lines
    std::optional<Money> balance;
    std::optional<TimestampTz> at;
};

// Sells, replays or refuses. The ledger gets one line for each line of the cart, counted from 0. Raises
// faults like sell(), and 22023 for an item that the cart has twice.
CartOutcome sell_cart(Store &store, const CartRequest &request, MemoryContext result_context);

} // namespace vend
