#pragma once
// The decision on a sale. Every lock mode, batch and cart decides by these two functions. They are pure
// arithmetic on the rows as read, so they are tested without a server.

#include "core/checked.hpp"
#include "core/lock_mode.hpp"
#include "core/verdict.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace vend {

// The name of a currency, as the rows and the caller spell it.
using Currency = std::string_view;

// A value in the row of an item that no sale can use. Tables that were there before the store may let
// one in. It concerns this item alone: other requests of a batch go on.
enum class ItemFlaw {
    none,
    no_price, // a sale that states its price goes on
    price_below_zero,
    price_not_exact,
    stock_not_exact,
    unknown_lock_mode,
};

struct ItemState {
    Quantity stock;               // below zero: nothing is left, and units are owed
    Quantity pending_elsewhere{}; // escrow: taken by transactions that may still roll back
    std::optional<Money> price;   // nothing in a store without prices
    std::int64_t version = 0;
    std::optional<LockMode> lock_mode;
    ItemFlaw flaw = ItemFlaw::none;
    bool is_stock_null = false;         // the stock counts as 0
    std::optional<Currency> currency{}; // of the price; nothing where it is null or not bound
    bool is_unlimited = false;          // never sold out; no sale changes the stock
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
    Money balance{};      // below zero: nothing is left
    bool is_exact = true; // false: the row's balance is no amount of the store's money, and counts as 0
    std::optional<Currency> currency{}; // of the balance; nothing where it is null or not bound
};

// Whether the balance pays the amount.
constexpr bool covers(Money balance, Money amount) {
    return balance >= amount || amount == Money{0};
}

// What the caller asks for.
struct SaleTerms {
    Quantity qty{1};
    std::optional<std::int64_t> expected_version;
    std::optional<Money> max_price;  // for one unit
    std::optional<Money> unit_price; // stated by the caller, in place of the item's own
    std::optional<Money> amount;     // stated for all units together, in place of a price
    Money amount_max{std::numeric_limits<std::int64_t>::max()}; // that the ledger can hold
    std::optional<Currency> currency;                           // of the price, as the caller states it
    bool has_currencies = false;                                // the wallets have currencies
    bool items_have_currencies = false;                         // the items have them, too

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
    bool is_unlimited = false;         // the units come from no stock
    friend bool operator==(const Decision &, const Decision &) = default;
};

// The currency of the price. A price that the caller states is in the currency that the caller states.
// The item's own is in the item's, if items have one. Nothing where nobody says it.
std::optional<Currency> price_currency(const ItemState &item, const SaleTerms &terms);

// Whether money can move between the two. A currency that nobody knows is like no other.
constexpr bool is_one_currency(const std::optional<Currency> &a, const std::optional<Currency> &b) {
    return a && b && *a == *b;
}

// Decides by the item alone, before any row is locked.
Decision decide_item(const std::optional<ItemState> &item, const SaleTerms &terms);

// Decides by the item and the wallet.
Decision decide_sale(const std::optional<ItemState> &item, const WalletState &wallet,
                     const SaleTerms &terms);

} // namespace vend
