#include "core/kind.hpp"
#include "core/lock_mode.hpp"
#include "core/verdict.hpp"

#include <gtest/gtest.h>

namespace {

using namespace vend;

TEST(LockMode, ReadsWhatItWrites) {
    for (const LockMode mode : {LockMode::atomic, LockMode::pessimistic, LockMode::optimistic})
        EXPECT_EQ(lock_mode_from(to_text(mode)), mode);
    EXPECT_EQ(lock_mode_from("Atomic"), std::nullopt);
    EXPECT_EQ(lock_mode_from(""), std::nullopt);
}

TEST(LockMode, ArgumentThenItemThenSetting) {
    constexpr auto atomic = LockMode::atomic;
    constexpr auto pessimistic = LockMode::pessimistic;
    constexpr auto optimistic = LockMode::optimistic;
    EXPECT_EQ(effective_lock_mode(pessimistic, optimistic, atomic), pessimistic);
    EXPECT_EQ(effective_lock_mode(std::nullopt, optimistic, atomic), optimistic);
    EXPECT_EQ(effective_lock_mode(std::nullopt, std::nullopt, atomic), atomic);
}

TEST(Verdict, BothConflictsHaveOneStatus) {
    EXPECT_EQ(status_of(Verdict::stale_version), "conflict");
    EXPECT_EQ(status_of(Verdict::lost_race), "conflict");
    EXPECT_EQ(status_of(Verdict::accept), "purchased");
}

TEST(Verdict, EveryRefusalIsRemembered) {
    for (const Verdict verdict : {Verdict::unknown_item, Verdict::stale_version, Verdict::price_changed,
                                  Verdict::sold_out, Verdict::unknown_buyer, Verdict::currency_mismatch,
                                  Verdict::insufficient_funds, Verdict::busy})
        EXPECT_EQ(remembered_verdict(status_of(verdict)), verdict);
    EXPECT_EQ(remembered_verdict("purchased"), std::nullopt);
}

// A retry hears a remembered refusal again, so it must not carry the code that asks for a retry.
TEST(Verdict, ARememberedConflictIsFinal) {
    EXPECT_EQ(remembered_verdict(status_of(Verdict::lost_race)), Verdict::stale_version);
}

TEST(Kind, NamesAreDistinct) {
    for (std::size_t i = 0; i < kind_names.size(); ++i)
        for (std::size_t j = i + 1; j < kind_names.size(); ++j) EXPECT_NE(kind_names[i], kind_names[j]);
    EXPECT_EQ(to_text(Kind::refusal), "refusal");
}

} // namespace
