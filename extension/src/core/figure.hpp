#pragma once
// A figure, stock or balance, as the columns of a row have it, and which column a movement writes.
//
// Most tables have one column for what is left. Others have two: `total` is what there is, and `claimed`
// is the part of it that is sold already, as a shop has it that ships later, or a gift card that shows
// its amount and what was used of it. `reserved` is one more part, which only the shop itself writes.
// What is left for sale is total - claimed - reserved.
//
// This is the only place that decides what a movement writes:
// - without a column of claims, every movement changes the total;
// - with one, a sale raises the claims and a refund lowers them. Every other movement changes the total:
//   units that are restocked or written off, money that is deposited, withdrawn or transferred.
// - A refund of more than is claimed adds the rest to the total: those units have left already, and come
//   back.

#include "core/checked.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace vend {

// A signed change of what is left, by its causes.
template <typename Unit> struct Change {
    Unit sold{};  // by sales, and by refunds, which take sales back
    Unit moved{}; // by all other movements
    friend constexpr bool operator==(const Change &, const Change &) = default;
};

template <typename Unit> constexpr Change<Unit> by_sale(Unit change) {
    return {.sold = change, .moved = {}};
}

template <typename Unit> constexpr Change<Unit> by_movement(Unit change) {
    return {.sold = {}, .moved = change};
}

template <typename Unit> constexpr Change<std::int64_t> in_numbers(const Change<Unit> &change) {
    return {.sold = change.sold.value, .moved = change.moved.value};
}

template <typename Unit> constexpr std::optional<Unit> sum_of(const Change<Unit> &change) {
    return checked_add(change.sold, change.moved);
}

struct Figure {
    std::int64_t total = 0;
    std::int64_t claimed = 0;   // 0 without such a column
    std::int64_t reserved = 0;  // likewise
    std::int64_t version = 0;   // likewise; counts the writes of the figure
    bool is_total_null = false; // the row has no total yet: the next write gives it one
    friend constexpr bool operator==(const Figure &, const Figure &) = default;
};

// What is left. Nothing where that is out of range.
constexpr std::optional<std::int64_t> left_of(const Figure &figure) {
    std::int64_t left = 0;
    if (__builtin_sub_overflow(figure.total, figure.claimed, &left) ||
        __builtin_sub_overflow(left, figure.reserved, &left))
        return std::nullopt;
    return left;
}

// The same claims and reservations, with a total of which nothing is left.
constexpr Figure with_nothing_left(Figure figure) {
    if (__builtin_add_overflow(figure.claimed, figure.reserved, &figure.total)) figure.total = 0;
    return figure;
}

// The part of a refund that is more than the claims. 0 for a sale.
constexpr std::int64_t beyond_claims(const Figure &figure, std::int64_t sold) {
    const std::int64_t claimed = std::max<std::int64_t>(figure.claimed, 0);
    return sold > claimed ? sold - claimed : 0;
}

// The figure after a change. Nothing where a column is out of range.
constexpr std::optional<Figure> changed(Figure figure, const Change<std::int64_t> &change,
                                        bool has_claims) {
    const std::int64_t of_total = has_claims ? beyond_claims(figure, change.sold) : change.sold;
    const std::int64_t of_claims = change.sold - of_total;
    if (__builtin_sub_overflow(figure.claimed, of_claims, &figure.claimed) ||
        __builtin_add_overflow(figure.total, of_total, &figure.total) ||
        __builtin_add_overflow(figure.total, change.moved, &figure.total))
        return std::nullopt;
    return figure;
}

} // namespace vend
