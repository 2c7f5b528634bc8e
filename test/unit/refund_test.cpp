#include "core/refund.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace {

using namespace vend;

constexpr Paid ten_for_odd{Quantity{10}, Money{17925}};

RefundTerms units(std::int64_t qty) {
    return {Quantity{qty}, {}};
}

RefundTerms money(std::int64_t amount) {
    return {{}, Money{amount}};
}

TEST(Refund, GivesAllThatIsLeft) {
    const auto all = decide_refund(ten_for_odd, {}, {});
    ASSERT_TRUE(all);
    EXPECT_EQ(all->qty, Quantity{10});
    EXPECT_EQ(all->amount, Money{17925});
    EXPECT_FALSE(decide_refund(ten_for_odd, ten_for_odd, {}));
}

TEST(Refund, NoMoreUnitsAndNoMoreMoneyThanIsLeft) {
    const Paid before{Quantity{4}, Money{7000}};
    EXPECT_TRUE(decide_refund(ten_for_odd, before, units(6)));
    EXPECT_FALSE(decide_refund(ten_for_odd, before, units(7)));
    EXPECT_TRUE(decide_refund(ten_for_odd, before, money(10925)));
    EXPECT_FALSE(decide_refund(ten_for_odd, before, money(10926)));
    EXPECT_TRUE(is_refused_for_money(ten_for_odd, before, money(10926)));
    EXPECT_FALSE(is_refused_for_money(ten_for_odd, before, units(7)));
    EXPECT_FALSE(is_refused_for_money(ten_for_odd, before, {Quantity{7}, Money{1}}));
}

TEST(Refund, MoneyAloneGivesNoUnits) {
    const auto some = decide_refund(ten_for_odd, {}, money(5));
    ASSERT_TRUE(some);
    EXPECT_EQ(some->qty, Quantity{0});
    EXPECT_EQ(some->amount, Money{5});
}

TEST(Refund, WhatWasGivenBackAsMoneyIsNotGivenBackWithTheUnits) {
    const Paid before{Quantity{0}, Money{17000}};
    const auto one = decide_refund(ten_for_odd, before, units(1));
    ASSERT_TRUE(one);
    EXPECT_EQ(one->amount, Money{925});
    const auto tenth = decide_refund(ten_for_odd, {Quantity{9}, Money{17000}}, units(1));
    ASSERT_TRUE(tenth);
    EXPECT_EQ(tenth->amount, Money{925});
}

TEST(Refund, TheLargestAmountOverflowsNowhere) {
    constexpr Paid all{Quantity{std::numeric_limits<std::int64_t>::max()},
                       Money{std::numeric_limits<std::int64_t>::max()}};
    const auto half = decide_refund(all, {}, units(all.qty.value / 2));
    ASSERT_TRUE(half);
    EXPECT_EQ(half->amount.value, half->qty.value);
}

// Whatever the parts are, together they give back what was paid, and no part is off by more than a step.
TEST(Refund, AllPartsTogetherAreWhatWasPaid) {
    std::mt19937 random(7);
    const auto number = [&](std::int64_t from, std::int64_t to) {
        return std::uniform_int_distribution<std::int64_t>(from, to)(random);
    };
    for (int round = 0; round < 2000; ++round) {
        const Paid paid{Quantity{number(1, 40)}, Money{number(0, 1000)}};
        Paid given;
        while (given.qty < paid.qty) {
            const auto part =
                decide_refund(paid, given, units(number(1, paid.qty.value - given.qty.value)));
            ASSERT_TRUE(part);
            const std::int64_t exact = paid.amount.value * part->qty.value / paid.qty.value;
            ASSERT_GE(part->amount.value, exact);
            ASSERT_LE(part->amount.value, exact + 1);
            given.qty.value += part->qty.value;
            given.amount.value += part->amount.value;
        }
        ASSERT_EQ(given.amount, paid.amount);
    }
}

} // namespace
