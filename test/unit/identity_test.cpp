// The rule that says whether a request under a known id is the same request: every combination of what
// may differ, and the one that is named.
#include "core/identity.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace vend {
namespace {

constexpr std::array kinds{std::optional(Kind::purchase), std::optional(Kind::transfer),
                           std::optional(Kind::voided), std::optional<Kind>()};
constexpr std::array amounts{std::optional(Money{7}), std::optional(Money{8}), std::optional<Money>()};

struct Case {
    Identity recorded;
    Identity asked;
    bool same_item = true;
    bool same_wallet = true;
    bool same_payee = true;

    [[nodiscard]] bool is_same(PartyOf party) const {
        return party == PartyOf::item ? same_item : party == PartyOf::wallet ? same_wallet : same_payee;
    }
    [[nodiscard]] Difference found() const {
        return difference(recorded, asked, [this](PartyOf party) { return is_same(party); });
    }
};

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    for (const auto kind : kinds)
        for (const auto asked_kind : {Kind::purchase, Kind::transfer})
            for (const Quantity qty : {Quantity{1}, Quantity{2}})
                for (const auto amount : amounts)
                    for (const auto asked_amount : amounts)
                        for (unsigned mask = 0; mask < 8; ++mask)
                            cases.push_back({{kind, qty, amount},
                                             {asked_kind, Quantity{1}, asked_amount},
                                             (mask & 1U) != 0,
                                             (mask & 2U) != 0,
                                             (mask & 4U) != 0});
    return cases;
}

// What differs, in the order in which it is named.
std::vector<Difference> differences(const Case &one) {
    std::vector<Difference> all;
    if (one.recorded.kind == Kind::voided) all.push_back(Difference::voided);
    if (one.recorded.kind != one.asked.kind) all.push_back(Difference::kind);
    if (!one.same_item) all.push_back(Difference::item);
    if (!one.same_wallet)
        all.push_back(one.asked.kind == Kind::purchase ? Difference::buyer : Difference::wallet);
    if (one.recorded.qty != one.asked.qty) all.push_back(Difference::quantity);
    const bool has_amounts = one.recorded.amount.has_value() && one.asked.amount.has_value();
    if (has_amounts && one.recorded.amount != one.asked.amount) all.push_back(Difference::amount);
    if (!one.same_payee) all.push_back(Difference::wallet);
    all.push_back(Difference::none);
    return all;
}

TEST(Identity, NamesTheFirstDifference) {
    for (const Case &one : all_cases()) EXPECT_EQ(one.found(), differences(one).front());
}

// A party is compared by a read of the ledger, so nothing is read for an id of another kind.
TEST(Identity, AsksForPartiesLast) {
    for (const Case &one : all_cases()) {
        int asked = 0;
        (void)difference(one.recorded, one.asked, [&](PartyOf party) {
            ++asked;
            return one.is_same(party);
        });
        const bool is_other_kind = one.recorded.kind != one.asked.kind;
        EXPECT_EQ(asked == 0, is_other_kind);
    }
}

TEST(Identity, OfARefund) {
    const RefundIdentity recorded{Quantity{2}, Money{10}, true};
    const auto found = [&](const RefundIdentity &asked, bool is_same_item = true) {
        return difference(recorded, asked, [=] { return is_same_item; });
    };
    EXPECT_EQ(found({}), Difference::none);
    EXPECT_EQ(found(recorded), Difference::none);
    EXPECT_EQ(found({Quantity{1}, {}, true}), Difference::quantity);
    EXPECT_EQ(found({{}, Money{9}, true}), Difference::amount);
    EXPECT_EQ(found({{}, {}, false}), Difference::restock);
    EXPECT_EQ(found({}, false), Difference::item);
    // A refund of money alone gave no units back, wherever they would have gone.
    EXPECT_EQ(difference(RefundIdentity{Quantity{0}, Money{10}, true},
                         RefundIdentity{{}, Money{10}, false}, [] { return true; }),
              Difference::none);
}

TEST(Identity, OfARowOfARefund) {
    const Uuid purchase{1};
    EXPECT_EQ(refund_row_difference(Kind::refund, purchase, purchase), Difference::none);
    EXPECT_EQ(refund_row_difference(Kind::refund, Uuid{2}, purchase), Difference::purchase);
    EXPECT_EQ(refund_row_difference(Kind::purchase, purchase, purchase), Difference::kind);
    EXPECT_EQ(refund_row_difference({}, purchase, purchase), Difference::kind);
    EXPECT_EQ(refund_row_difference(Kind::voided, purchase, purchase), Difference::voided);
    // A row that names no purchase is a refund of none, whatever the id that is asked for.
    EXPECT_EQ(refund_row_difference(Kind::refund, std::nullopt, Uuid{}), Difference::purchase);
}

} // namespace
} // namespace vend
