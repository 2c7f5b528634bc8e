#include "core/decision.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace {

using namespace vend;

constexpr ItemState ten_at_five{Quantity{10}, Quantity{0}, Money{5}, 3, std::nullopt};
constexpr WalletState hundred{WalletState::Kind::locked, Money{100}};

SaleTerms terms(std::int64_t qty) {
    SaleTerms wanted;
    wanted.qty = Quantity{qty};
    return wanted;
}

Verdict verdict(const std::optional<ItemState> &item, const WalletState &wallet,
                const SaleTerms &wanted) {
    return decide_sale(item, wallet, wanted).verdict;
}

TEST(Decision, SellsAtThePriceOfTheItem) {
    const Decision decision = decide_sale(ten_at_five, hundred, terms(3));
    EXPECT_EQ(decision.verdict, Verdict::accept);
    EXPECT_EQ(decision.unit_price, Money{5});
    EXPECT_EQ(decision.amount, Money{15});
}

TEST(Decision, SellsTheLastUnitAndNoMore) {
    EXPECT_EQ(verdict(ten_at_five, hundred, terms(10)), Verdict::accept);
    EXPECT_EQ(verdict(ten_at_five, hundred, terms(11)), Verdict::sold_out);
}

TEST(Decision, UnitsPendingElsewhereMayComeBack) {
    ItemState item = ten_at_five;
    item.pending_elsewhere = Quantity{3};
    EXPECT_EQ(verdict(item, hundred, terms(10)), Verdict::accept);
    EXPECT_EQ(verdict(item, hundred, terms(11)), Verdict::all_pending);
    EXPECT_EQ(verdict(item, hundred, terms(13)), Verdict::all_pending);
    EXPECT_EQ(verdict(item, hundred, terms(14)), Verdict::sold_out);
}

TEST(Decision, NothingIsLeftOfAStockBelowZero) {
    ItemState item = ten_at_five;
    for (const std::int64_t stock : {std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()}) {
        item.stock = Quantity{stock};
        EXPECT_EQ(verdict(item, hundred, terms(1)), Verdict::sold_out);
        EXPECT_EQ(verdict(item, hundred, terms(std::numeric_limits<std::int64_t>::max())),
                  Verdict::sold_out);
    }
    item.stock = Quantity{-2};
    item.pending_elsewhere = Quantity{3};
    EXPECT_EQ(verdict(item, hundred, terms(1)), Verdict::all_pending);
    EXPECT_EQ(verdict(item, hundred, terms(2)), Verdict::sold_out);
}

TEST(Decision, AnUnlimitedItemIsNeverSoldOut) {
    ItemState item = ten_at_five;
    item.stock = Quantity{0};
    item.is_unlimited = true;
    const WalletState rich{WalletState::Kind::locked, Money{std::numeric_limits<std::int64_t>::max()}};
    const Decision decision = decide_sale(item, rich, terms(1000));
    EXPECT_EQ(decision.verdict, Verdict::accept);
    EXPECT_TRUE(decision.is_unlimited);
    EXPECT_FALSE(decide_sale(ten_at_five, rich, terms(1)).is_unlimited);
    EXPECT_EQ(verdict(item, hundred, terms(21)), Verdict::insufficient_funds);
    EXPECT_EQ(verdict(item, rich, terms(std::numeric_limits<std::int64_t>::max())),
              Verdict::amount_out_of_range);
}

TEST(Decision, ABalanceBelowZeroBuysWhatIsFree) {
    const WalletState indebted{WalletState::Kind::locked, Money{-3}};
    EXPECT_EQ(verdict(ten_at_five, indebted, terms(1)), Verdict::insufficient_funds);
    ItemState free = ten_at_five;
    free.price = Money{0};
    EXPECT_EQ(verdict(free, indebted, terms(1)), Verdict::accept);
}

TEST(Decision, AnItemWithoutAPriceIsSoldAtAStatedOne) {
    ItemState item = ten_at_five;
    item.price.reset();
    item.flaw = ItemFlaw::no_price;
    SaleTerms wanted = terms(2);
    EXPECT_EQ(verdict(item, hundred, wanted), Verdict::not_on_sale);
    wanted.max_price = Money{100};
    EXPECT_EQ(verdict(item, hundred, wanted), Verdict::not_on_sale);
    wanted.max_price.reset();
    wanted.unit_price = Money{4};
    EXPECT_EQ(verdict(item, hundred, wanted), Verdict::accept);
    item.stock = Quantity{1};
    EXPECT_EQ(verdict(item, hundred, wanted), Verdict::sold_out);
}

TEST(Decision, AFlawedItemIsNotSoldAtAnyPrice) {
    ItemState item = ten_at_five;
    SaleTerms wanted = terms(2);
    wanted.unit_price = Money{4};
    for (const ItemFlaw flaw : {ItemFlaw::price_below_zero, ItemFlaw::price_not_exact,
                                ItemFlaw::stock_not_exact, ItemFlaw::unknown_lock_mode}) {
        item.flaw = flaw;
        EXPECT_EQ(verdict(item, hundred, wanted), Verdict::not_on_sale);
    }
}

TEST(Decision, SpendsTheLastCoinAndNoMore) {
    EXPECT_EQ(verdict(ten_at_five, {WalletState::Kind::locked, Money{15}}, terms(3)), Verdict::accept);
    EXPECT_EQ(verdict(ten_at_five, {WalletState::Kind::locked, Money{14}}, terms(3)),
              Verdict::insufficient_funds);
}

TEST(Decision, WalletsElsewhereHaveNoLimit) {
    EXPECT_EQ(verdict(ten_at_five, {WalletState::Kind::elsewhere, Money{0}}, terms(3)), Verdict::accept);
}

TEST(Decision, FreeItemsNeedNoMoney) {
    ItemState free = ten_at_five;
    free.price = Money{0};
    EXPECT_EQ(verdict(free, {WalletState::Kind::locked, Money{0}}, terms(10)), Verdict::accept);
}

TEST(Decision, WithoutPricesTheSaleStatesItsOwn) {
    ItemState unpriced = ten_at_five;
    unpriced.price.reset();
    SaleTerms wanted = terms(2);
    wanted.unit_price = Money{30};
    const Decision decision = decide_sale(unpriced, hundred, wanted);
    EXPECT_EQ(decision.verdict, Verdict::accept);
    EXPECT_EQ(decision.amount, Money{60});
}

TEST(Decision, AStatedPriceStandsInPlaceOfTheItems) {
    SaleTerms wanted = terms(3);
    wanted.unit_price = Money{2};
    Decision decision = decide_sale(ten_at_five, hundred, wanted);
    EXPECT_EQ(decision.verdict, Verdict::accept);
    EXPECT_EQ(decision.unit_price, Money{2});
    EXPECT_EQ(decision.amount, Money{6});
    EXPECT_EQ(decision.list_price, Money{5});
    EXPECT_EQ(decide_sale(ten_at_five, hundred, terms(3)).list_price, std::nullopt);
}

TEST(Decision, AStatedAmountIsThatOfAllUnits) {
    SaleTerms wanted = terms(3);
    wanted.amount = Money{100};
    const Decision decision = decide_sale(ten_at_five, hundred, wanted);
    EXPECT_EQ(decision.verdict, Verdict::accept);
    EXPECT_EQ(decision.unit_price, std::nullopt);
    EXPECT_EQ(decision.amount, Money{100});
    EXPECT_EQ(decision.list_price, Money{5});
    wanted.amount = Money{101};
    EXPECT_EQ(verdict(ten_at_five, hundred, wanted), Verdict::insufficient_funds);
    wanted.amount_max = Money{100};
    EXPECT_EQ(verdict(ten_at_five, hundred, wanted), Verdict::amount_out_of_range);
    wanted.amount = Money{0};
    EXPECT_EQ(verdict(ten_at_five, {WalletState::Kind::locked, Money{0}}, wanted), Verdict::accept);
}

TEST(Decision, AStatedPriceMakesTheAmount) {
    SaleTerms wanted = terms(3);
    EXPECT_EQ(wanted.stated_amount(), std::nullopt);
    wanted.amount = Money{7};
    EXPECT_EQ(wanted.stated_amount(), Money{7});
    wanted.amount.reset();
    wanted.unit_price = Money{7};
    EXPECT_EQ(wanted.stated_amount(), Money{21});
    wanted.unit_price = Money{std::numeric_limits<std::int64_t>::max()};
    EXPECT_LT(wanted.stated_amount(), Money{0});
}

TEST(Decision, MaxPriceIsForOneUnitAndInclusive) {
    SaleTerms wanted = terms(3);
    wanted.max_price = Money{5};
    EXPECT_EQ(verdict(ten_at_five, hundred, wanted), Verdict::accept);
    wanted.max_price = Money{4};
    EXPECT_EQ(verdict(ten_at_five, hundred, wanted), Verdict::price_changed);
}

TEST(Decision, ExpectedVersionMustBeTheItems) {
    SaleTerms wanted = terms(1);
    wanted.expected_version = 3;
    EXPECT_EQ(verdict(ten_at_five, hundred, wanted), Verdict::accept);
    wanted.expected_version = 2;
    EXPECT_EQ(verdict(ten_at_five, hundred, wanted), Verdict::stale_version);
}

TEST(Decision, AnAmountThatDoesNotExistIsNoSale) {
    ItemState dear = ten_at_five;
    dear.price = Money{std::numeric_limits<std::int64_t>::max()};
    EXPECT_EQ(verdict(dear, hundred, terms(2)), Verdict::amount_out_of_range);
}

// Each reason to refuse is switched on or off. The verdict must be the first of those that are on, in
// the order of precedence.
TEST(Decision, PrecedenceHoldsForEveryCombination) {
    for (int mask = 0; mask < 512; ++mask) {
        const bool unknown_item = (mask & 1) != 0;
        const bool stale = (mask & 2) != 0;
        const bool dear = (mask & 4) != 0;
        const bool sold_out = (mask & 8) != 0;
        const bool unknown_buyer = (mask & 16) != 0;
        const bool poor = (mask & 32) != 0;
        const bool pending = (mask & 64) != 0;
        const bool flawed = (mask & 128) != 0;
        const bool foreign = (mask & 256) != 0;

        SaleTerms wanted = terms(sold_out ? 11 : 1);
        wanted.expected_version = stale ? 2 : 3;
        wanted.max_price = Money{dear ? 4 : 5};
        wanted.has_currencies = wanted.items_have_currencies = true;
        WalletState wallet{WalletState::Kind::locked, Money{poor ? 0 : 1000}, true,
                           foreign ? "USD" : "EUR"};
        if (unknown_buyer) wallet.kind = WalletState::Kind::unknown;
        std::optional<ItemState> item = ten_at_five;
        item->pending_elsewhere = Quantity{pending ? 1 : 0};
        item->flaw = flawed ? ItemFlaw::unknown_lock_mode : ItemFlaw::none;
        item->currency = "EUR";
        if (unknown_item) item.reset();

        const Verdict expected = unknown_item          ? Verdict::unknown_item
                                 : stale               ? Verdict::stale_version
                                 : dear                ? Verdict::price_changed
                                 : flawed              ? Verdict::not_on_sale
                                 : sold_out && pending ? Verdict::all_pending
                                 : sold_out            ? Verdict::sold_out
                                 : unknown_buyer       ? Verdict::unknown_buyer
                                 : foreign             ? Verdict::currency_mismatch
                                 : poor                ? Verdict::insufficient_funds
                                                       : Verdict::accept;
        EXPECT_EQ(verdict(item, wallet, wanted), expected) << "combination " << mask;
    }
}

// The currencies of item, wallet and call, where "" is none; whether items have currencies, whether the
// call states a price; and whether the sale takes place.
TEST(Decision, MoneyIsInOneCurrency) {
    struct Case {
        Currency item, wallet, call;
        bool items_have, states_price, is_sold;
    };
    constexpr std::array cases{
        Case{"EUR", "EUR", "", true, false, true},     Case{"EUR", "USD", "", true, false, false},
        Case{"EUR", "", "", true, false, false},       Case{"", "EUR", "", true, false, false},
        Case{"", "", "", true, false, false},          Case{"EUR", "EUR", "EUR", true, false, true},
        Case{"EUR", "EUR", "USD", true, false, false}, Case{"EUR", "USD", "USD", true, false, false},
        Case{"EUR", "USD", "USD", true, true, true},   Case{"EUR", "EUR", "USD", true, true, false},
        Case{"EUR", "EUR", "", true, true, true},      Case{"EUR", "USD", "", true, true, false},
        Case{"", "EUR", "EUR", true, false, false},    Case{"", "EUR", "EUR", true, true, true},
        Case{"", "EUR", "EUR", false, false, true},    Case{"", "EUR", "USD", false, false, false},
        Case{"", "EUR", "EUR", false, true, true},     Case{"", "", "EUR", false, true, false},
        Case{"EUR", "EURO", "", true, false, false},
    };
    const auto given = [](Currency name) { return name.empty() ? std::nullopt : std::optional(name); };
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const Case &one = cases[i];
        ItemState item = ten_at_five;
        item.currency = given(one.item);
        SaleTerms wanted = terms(1);
        wanted.has_currencies = true;
        wanted.items_have_currencies = one.items_have;
        wanted.currency = given(one.call);
        if (one.states_price) wanted.unit_price = Money{4};
        EXPECT_EQ(
            verdict(item, {WalletState::Kind::locked, Money{100}, true, given(one.wallet)}, wanted),
            one.is_sold ? Verdict::accept : Verdict::currency_mismatch)
            << "case " << i;
        wanted.has_currencies = false;
        EXPECT_EQ(
            verdict(item, {WalletState::Kind::locked, Money{100}, true, given(one.wallet)}, wanted),
            Verdict::accept)
            << "case " << i;
    }
}

TEST(Decision, BusyComesLast) {
    const WalletState busy{WalletState::Kind::busy, Money{0}};
    EXPECT_EQ(verdict(ten_at_five, busy, terms(1)), Verdict::busy);
    EXPECT_EQ(verdict(ten_at_five, busy, terms(11)), Verdict::sold_out);
    EXPECT_EQ(verdict(std::nullopt, busy, terms(1)), Verdict::unknown_item);
}

// Whatever the figures are, the units sold were there, the buyer had the money, and the amount is exact.
TEST(Decision, NeverSellsWhatIsNotThere) {
    std::mt19937_64 random(20260101);
    std::uniform_int_distribution<std::int64_t> small(0, 20);
    std::uniform_int_distribution<std::int64_t> any(0, std::numeric_limits<std::int64_t>::max());
    for (int i = 0; i < 100000; ++i) {
        auto &figures = i % 2 == 0 ? small : any;
        ItemState item{Quantity{figures(random)}, Quantity{figures(random)}, Money{figures(random)}, 0,
                       std::nullopt};
        const WalletState wallet{WalletState::Kind::locked, Money{figures(random)}};
        const SaleTerms wanted = terms(std::max<std::int64_t>(1, figures(random)));
        const Decision decision = decide_sale(item, wallet, wanted);
        if (decision.verdict != Verdict::accept) continue;
        EXPECT_GE(item.stock, wanted.qty);
        EXPECT_GE(wallet.balance, decision.amount);
        EXPECT_EQ(static_cast<__int128>(item.price->value) * wanted.qty.value,
                  static_cast<__int128>(decision.amount.value));
    }
}

} // namespace
