#include "core/checked.hpp"

#include <gtest/gtest.h>

namespace {

using vend::checked_add;
using vend::checked_mul;
using vend::checked_sub;
using vend::Money;
using vend::Quantity;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

TEST(Checked, AddsUpToTheLimitAndNotBeyond) {
    EXPECT_EQ(checked_add(Money{most - 1}, Money{1}), Money{most});
    EXPECT_EQ(checked_add(Money{most}, Money{1}), std::nullopt);
    EXPECT_EQ(checked_add(Money{least}, Money{-1}), std::nullopt);
}

TEST(Checked, SubtractsUpToTheLimitAndNotBeyond) {
    EXPECT_EQ(checked_sub(Quantity{3}, Quantity{5}), Quantity{-2});
    EXPECT_EQ(checked_sub(Quantity{least}, Quantity{1}), std::nullopt);
    EXPECT_EQ(checked_sub(Quantity{0}, Quantity{least}), std::nullopt);
}

TEST(Checked, MultipliesPriceByQuantity) {
    EXPECT_EQ(checked_mul(Money{1999}, Quantity{3}), Money{5997});
    EXPECT_EQ(checked_mul(Money{0}, Quantity{most}), Money{0});
    EXPECT_EQ(checked_mul(Money{most}, Quantity{1}), Money{most});
    EXPECT_EQ(checked_mul(Money{most / 2 + 1}, Quantity{2}), std::nullopt);
}

TEST(Checked, NegatesPositives) {
    EXPECT_EQ(negated(Quantity{most}), Quantity{-most});
    EXPECT_EQ(negated(Money{0}), Money{0});
}

} // namespace
