#pragma once
// The decision on a sale. Every lock mode, batch and cart decides by these two functions. They are pure
// arithmetic on the rows as read, so they are tested without a server.

#include "core/checked.hpp"
#include "core/lock_mode.hpp"
#include "core/verdict.hpp"

#include <cstdint>
#include <limits>
#include <optional>

namespace vend {

struct ItemState {
    Quantity stock;
    Quantity pending_elsewhere{}; // escrow: taken by transactions that may still roll back
    std::optional<Money> price;   // nothing in a store without prices
    std::int64_t stock_version = 0;
    std::int64_t version = 0;
    std::optional<LockMode> lock_mode;
    friend bool operator==(const ItemState &, const ItemState &) = default;
};

struct WalletState {
    enum class Kind {
        elsewhere, // the store has no wallets: the buyer pays elsewhere
        unknown,
        busy, // its row lock was not granted in the time allowed
        locked,
    };
    Kind kind = Kind::elsewhere;
    Money balance{};
};

// What the caller asks for.
struct SaleTerms {
    Quantity qty{1};
    std::optional<std::int64_t> expected_version;
    std::optional<Money> max_price;  // for one unit
    std::optional<Money> unit_price; // stated by the caller, in place of the item's own
    std::optional<Money> amount;     // stated for all units together, in place of a price
    Money amount_max{std::numeric_limits<std::int64_t>::max()}; // that the ledger can hold

    // Always true in a store without prices.
    [[nodiscard]] constexpr bool states_price() const { return unit_price || amount; }

    // The cost of the units at the stated price. Where that overflows: -1, which no sale can cost.
    [[nodiscard]] constexpr std::optional<Money> stated_amount() const {
        if (!unit_price) return amount;
        return checked_mul(*unit_price, qty).value_or(Money{-1});
    }
};

struct Decision {
    Verdict verdict = Verdict::accept;
    std::optional<Money> unit_price{}; // nothing where an amount was stated, or there is no item
    Money amount{};                    // qty * unit_price, or what was stated
    std::optional<Money> list_price{}; // the item's own, where the call has stated another
    friend bool operator==(const Decision &, const Decision &) = default;
};

// Decides by the item alone, before any row is locked.
Decision decide_item(const std::optional<ItemState> &item, const SaleTerms &terms);

// Decides by the item and the wallet.
Decision decide_sale(const std::optional<ItemState> &item, const WalletState &wallet,
                     const SaleTerms &terms);

} // namespace vend
