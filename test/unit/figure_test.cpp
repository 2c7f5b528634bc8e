#include "core/figure.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace {

using namespace vend;

constexpr std::int64_t figure_max = std::numeric_limits<std::int64_t>::max();

constexpr Change<std::int64_t> sold(std::int64_t change) {
    return {.sold = change, .moved = 0};
}

constexpr Change<std::int64_t> moved(std::int64_t change) {
    return {.sold = 0, .moved = change};
}

TEST(Figure, HasOneColumnWithoutClaims) {
    constexpr Figure figure{.total = 10};
    EXPECT_EQ(changed(figure, sold(-3), false), (Figure{.total = 7}));
    EXPECT_EQ(changed(figure, sold(3), false), (Figure{.total = 13}));
    EXPECT_EQ(changed(figure, moved(-3), false), (Figure{.total = 7}));
}

TEST(Figure, ASaleRaisesTheClaimsAndARefundLowersThem) {
    constexpr Figure figure{.total = 10, .claimed = 4, .reserved = 1};
    EXPECT_EQ(left_of(figure), 5);
    EXPECT_EQ(changed(figure, sold(-3), true), (Figure{.total = 10, .claimed = 7, .reserved = 1}));
    EXPECT_EQ(changed(figure, sold(4), true), (Figure{.total = 10, .claimed = 0, .reserved = 1}));
}

TEST(Figure, OtherMovementsChangeTheTotal) {
    constexpr Figure figure{.total = 10, .claimed = 4};
    EXPECT_EQ(changed(figure, moved(3), true), (Figure{.total = 13, .claimed = 4}));
    EXPECT_EQ(changed(figure, moved(-3), true), (Figure{.total = 7, .claimed = 4}));
}

TEST(Figure, ARefundOfMoreThanIsClaimedAddsTheRest) {
    EXPECT_EQ(changed({.total = 10, .claimed = 2}, sold(5), true), (Figure{.total = 13, .claimed = 0}));
    EXPECT_EQ(changed({.total = 10, .claimed = -2}, sold(5), true),
              (Figure{.total = 15, .claimed = -2}));
}

TEST(Figure, EachChangeIsOfWhatIsLeft) {
    for (std::int64_t claimed = -2; claimed <= 4; ++claimed)
        for (std::int64_t by_sales = -5; by_sales <= 5; ++by_sales)
            for (std::int64_t by_others = -5; by_others <= 5; ++by_others)
                for (const bool has_claims : {false, true}) {
                    const Figure figure{.total = 10, .claimed = has_claims ? claimed : 0, .reserved = 1};
                    const auto after = changed(figure, {by_sales, by_others}, has_claims);
                    ASSERT_TRUE(after);
                    EXPECT_EQ(left_of(*after), *left_of(figure) + by_sales + by_others);
                }
}

TEST(Figure, DoesNotWrap) {
    EXPECT_FALSE(left_of({.total = -2, .claimed = figure_max}));
    EXPECT_FALSE(left_of({.total = -2, .claimed = 0, .reserved = figure_max}));
    EXPECT_FALSE(changed({.total = figure_max}, moved(1), true));
    EXPECT_FALSE(changed({.total = figure_max, .claimed = figure_max}, sold(-1), true));
    EXPECT_FALSE(changed({.total = figure_max}, sold(1), true));
}

} // namespace
