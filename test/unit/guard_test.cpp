#include "core/guard.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace {

using namespace vend;

constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t first = std::numeric_limits<std::int64_t>::min();

GuardedUpdate edit(std::int64_t was, std::optional<std::int64_t> is) {
    return {.is_change = true, .is_assigned = true, .was = was, .is = is};
}

GuardedUpdate no_edit(std::int64_t was, std::optional<std::int64_t> is) {
    return {.is_change = false, .is_assigned = true, .was = was, .is = is};
}

TEST(Guard, ReadTakesTheVersionThatTheRowHas) {
    EXPECT_EQ(decide_guard(Convention::read, edit(7, 7)), GuardVerdict::count_up);
    EXPECT_EQ(decide_guard(Convention::read, edit(7, 8)), GuardVerdict::blind);
    for (const std::int64_t said : {first, std::int64_t{0}, std::int64_t{6}, std::int64_t{9}, last})
        EXPECT_EQ(decide_guard(Convention::read, edit(7, said)), GuardVerdict::stale) << said;
}

TEST(Guard, NextTakesTheVersionAfterIt) {
    EXPECT_EQ(decide_guard(Convention::next, edit(7, 8)), GuardVerdict::pass);
    for (const std::int64_t said : {first, std::int64_t{6}, std::int64_t{7}, std::int64_t{9}, last})
        EXPECT_EQ(decide_guard(Convention::next, edit(7, said)), GuardVerdict::stale) << said;
}

TEST(Guard, AnEditThatIgnoresTheVersionIsToldSo) {
    for (const Convention convention : {Convention::read, Convention::next}) {
        GuardedUpdate update = edit(7, 7);
        update.is_assigned = false;
        EXPECT_EQ(decide_guard(convention, update), GuardVerdict::unstated);
        EXPECT_EQ(decide_guard(convention, edit(7, std::nullopt)), GuardVerdict::unstated);
        EXPECT_EQ(decide_guard(convention, no_edit(7, std::nullopt)), GuardVerdict::unstated);
    }
}

// A change that is no edit bumps nothing and conflicts with nobody; but no earlier version comes back.
TEST(Guard, WhatIsNoEditPassesAndNeverGoesBack) {
    for (const Convention convention : {Convention::read, Convention::next}) {
        EXPECT_EQ(decide_guard(convention, no_edit(7, 7)), GuardVerdict::pass);
        EXPECT_EQ(decide_guard(convention, no_edit(7, 8)), GuardVerdict::pass);
        EXPECT_EQ(decide_guard(convention, no_edit(7, 6)), GuardVerdict::stale);
        EXPECT_EQ(decide_guard(convention, no_edit(7, 9)), GuardVerdict::stale);
    }
}

TEST(Guard, TheLastVersionHasNoNext) {
    EXPECT_EQ(next_version(last), std::nullopt);
    EXPECT_EQ(next_version(last - 1), last);
    EXPECT_EQ(next_version(first), first + 1);
    EXPECT_EQ(decide_guard(Convention::read, edit(last, last)),
              GuardVerdict::count_up); // refused by its range
    EXPECT_EQ(decide_guard(Convention::next, edit(last, first)), GuardVerdict::stale);
    EXPECT_EQ(decide_guard(Convention::next, edit(last, last)), GuardVerdict::stale);
}

// States the rule in another way, for each pair of versions: an edit that passes makes the version one
// more, and any other change that passes makes it no smaller.
TEST(Guard, VersionsOnlyGoUp) {
    for (const Convention convention : {Convention::read, Convention::next})
        for (std::int64_t was = 0; was < 5; ++was)
            for (std::int64_t is = 0; is < 6; ++is)
                for (const bool is_change : {false, true})
                    for (const bool is_assigned : {false, true}) {
                        const GuardVerdict verdict = decide_guard(
                            convention,
                            {.is_change = is_change, .is_assigned = is_assigned, .was = was, .is = is});
                        const std::int64_t after = is + (verdict == GuardVerdict::count_up ? 1 : 0);
                        if (verdict == GuardVerdict::pass || verdict == GuardVerdict::count_up) {
                            EXPECT_GE(after, was + (is_change ? 1 : 0));
                            EXPECT_LE(after, was + 1);
                        }
                    }
}

TEST(Guard, ConventionsHaveNames) {
    EXPECT_EQ(convention_from("read"), Convention::read);
    EXPECT_EQ(convention_from("next"), Convention::next);
    EXPECT_EQ(convention_from("Read"), std::nullopt);
    EXPECT_EQ(convention_from(""), std::nullopt);
    EXPECT_EQ(to_text(Convention::next), "next");
}

} // namespace
