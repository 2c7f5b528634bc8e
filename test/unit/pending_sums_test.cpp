#include "core/pending_sums.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace {

using vend::PendingSum;
using vend::PendingSums;

// Counters, and the memory for the sums that a caller provides.
struct Transaction {
    PendingSums sums;
    std::vector<PendingSum> memory;
    std::vector<char> counters = std::vector<char>(100000);

    static std::uint32_t hash_of(std::size_t counter) {
        return static_cast<std::uint32_t>(counter * 2654435761U);
    }
    const void *thing(std::size_t counter) const { return &counters[counter]; }

    void take(std::size_t counter, std::int64_t qty) {
        if (const std::size_t wanted = sums.places_wanted(1); wanted > 0) {
            std::vector<PendingSum> bigger(wanted);
            sums.move_to(bigger);
            memory.swap(bigger);
        }
        PendingSum &sum = sums.provide(hash_of(counter), thing(counter));
        sum.taken += qty;
        ++sum.moves;
    }
    void end(std::size_t counter, std::int64_t qty) {
        PendingSum *sum = sums.find(hash_of(counter), thing(counter));
        ASSERT_NE(sum, nullptr);
        sum->taken -= qty;
        --sum->moves;
    }
    std::int64_t taken(std::size_t counter) const {
        const PendingSum *sum = sums.find(hash_of(counter), thing(counter));
        return sum == nullptr ? 0 : sum->taken;
    }
};

TEST(PendingSums, AddUpWhatIsPendingOnEachCounter) {
    Transaction transaction;
    EXPECT_EQ(transaction.taken(1), 0);
    transaction.take(1, 3);
    transaction.take(2, 5);
    transaction.take(1, 4);
    EXPECT_EQ(transaction.taken(1), 7);
    EXPECT_EQ(transaction.taken(2), 5);
    transaction.end(1, 4);
    EXPECT_EQ(transaction.taken(1), 3);
    EXPECT_EQ(transaction.taken(3), 0);
}

// A sale looks at one place, however many sales the transaction has made before.
TEST(PendingSums, AreFoundInOneLookAfterManySales) {
    Transaction transaction;
    for (int i = 0; i < 75000; ++i) transaction.take(7, 1);
    EXPECT_EQ(transaction.taken(7), 75000);
    EXPECT_EQ(transaction.sums.steps_of(Transaction::hash_of(7)), 1U);
    EXPECT_EQ(transaction.memory.size(), 64U);
}

TEST(PendingSums, AreFoundInAFewLooksAmongManyCounters) {
    Transaction transaction;
    std::size_t most_steps = 0;
    for (std::size_t counter = 0; counter < 50000; ++counter) {
        transaction.take(counter, static_cast<std::int64_t>(counter) + 1);
        most_steps = std::max(most_steps, transaction.sums.steps_of(Transaction::hash_of(counter)));
    }
    EXPECT_LT(most_steps, 100U);
    for (std::size_t counter = 0; counter < 50000; ++counter)
        ASSERT_EQ(transaction.taken(counter), static_cast<std::int64_t>(counter) + 1);
}

TEST(PendingSums, TellCountersOfOneHashApart) {
    PendingSum memory[64];
    PendingSums sums;
    EXPECT_EQ(sums.places_wanted(1), 64U);
    sums.move_to(memory);
    const char things[3] = {};
    for (const char &thing : things) sums.provide(42, &thing).moves = &thing - things;
    EXPECT_EQ(sums.find(42, &things[1])->moves, 1);
    EXPECT_EQ(sums.find(42, &things[2])->moves, 2);
    EXPECT_EQ(sums.find(43, &things[2]), nullptr);
    EXPECT_TRUE(sums.any_of(42, [&](const PendingSum &sum) { return sum.thing == &things[2]; }));
    // Nothing is pending on the counter any more.
    EXPECT_FALSE(sums.any_of(42, [&](const PendingSum &sum) { return sum.thing == &things[0]; }));
}

TEST(PendingSums, ForgetEverythingAtTheEndOfTheTransaction) {
    Transaction transaction;
    for (std::size_t counter = 0; counter < 20; ++counter) transaction.take(counter, 1);
    transaction.sums.clear();
    EXPECT_EQ(transaction.taken(3), 0);
    EXPECT_EQ(transaction.sums.steps_of(Transaction::hash_of(3)), 0U);
    transaction.take(3, 2);
    EXPECT_EQ(transaction.taken(3), 2);
    EXPECT_EQ(transaction.memory.size(), 64U);
}

TEST(PendingSums, LeaveBehindWhatHasEndedWhenTheyGrow) {
    Transaction transaction;
    for (std::size_t counter = 0; counter < 32; ++counter) transaction.take(counter, 1);
    for (std::size_t counter = 0; counter < 31; ++counter) transaction.end(counter, 1);
    for (std::size_t counter = 32; counter < 40; ++counter) transaction.take(counter, 1);
    EXPECT_EQ(transaction.taken(0), 0);
    EXPECT_EQ(transaction.taken(31), 1);
    EXPECT_EQ(transaction.taken(39), 1);
}

} // namespace
