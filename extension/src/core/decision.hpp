#pragma once
// The decision on a sale: pure arithmetic on what was read. It calls nothing, so it is tested
// without a server, and every lock mode decides by it.

#include "core/checked.hpp"
#include "core/lock_mode.hpp"
#include "core/verdict.hpp"

#include <cstdint>
#include <limits>
#include <optional>

namespace vend {

struct ItemState {
    Quantity stock;
    Quantity held{};            // by sales of others that may still give it back; of an escrow item
    std::optional<Money> price; // nothing in a store without prices
    std::int64_t stock_version = 0;
    std::int64_t version = 0;
    std::optional<LockMode> lock_mode;
    friend bool operator==(const ItemState &, const ItemState &) = default;
};

struct WalletState {
    enum class Kind {
        elsewhere, // the store has no wallets: payment is not ours
        unknown,
        busy, // its row lock was not to be had in the time allowed
        locked,
    };
    Kind kind = Kind::elsewhere;
    Money balance{};
};

// What the caller asked for.
struct SaleTerms {
    Quantity qty{1};
    std::optional<std::int64_t> expected_version;
    std::optional<Money> max_price;  // for one unit
    std::optional<Money> unit_price; // in a store without prices, always there
    Money amount_max{std::numeric_limits<std::int64_t>::max()}; // that the ledger can hold
};

struct Decision {
    Verdict verdict = Verdict::sell;
    Money unit_price{};
    Money amount{}; // qty * unit_price
};

// Decides by the item alone, before anything is locked.
Decision decide_item(const std::optional<ItemState> &item, const SaleTerms &terms);

// Decides the sale.
Decision decide_sale(const std::optional<ItemState> &item, const WalletState &wallet,
                     const SaleTerms &terms);

} // namespace vend
