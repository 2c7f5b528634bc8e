#include "batch_model.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

namespace {

using namespace vend;
using model::Figures;
using model::state_of;

constexpr std::int64_t max = std::numeric_limits<std::int64_t>::max();

ItemState item(std::int64_t stock, std::int64_t price) {
    ItemState made;
    made.stock = Quantity{stock};
    made.price = Money{price};
    return made;
}

WalletState wallet(std::int64_t balance) {
    return {WalletState::Kind::locked, Money{balance}};
}

PurchaseRequest purchase(int item, int wallet, std::int64_t qty = 1, int id = none) {
    PurchaseRequest request;
    request.item = item;
    request.wallet = wallet;
    request.terms.qty = Quantity{qty};
    request.id = id;
    return request;
}

TransferTerms transfer(int payer, int payee, std::int64_t amount, int id = none) {
    return {true, payer, payee, id, Money{amount}, Money{max}};
}

// A shop with two items, three wallets, and two ids under which nothing is recorded.
Figures shop() {
    return {{item(10, 5), item(1, 2)}, {wallet(100), wallet(100), wallet(0)}, {{}, {}}};
}

std::vector<BatchDecision> buy(Figures &figures, const std::vector<PurchaseRequest> &requests,
                               bool remembers = false) {
    std::vector<BatchDecision> decisions(requests.size());
    decide_purchases(state_of(figures), requests, remembers, decisions);
    return decisions;
}

std::vector<BatchDecision> pay(Figures &figures, const std::vector<TransferTerms> &requests) {
    std::vector<BatchDecision> decisions(requests.size());
    decide_transfers(state_of(figures), requests, decisions);
    return decisions;
}

Verdict verdict(const BatchDecision &decision) {
    EXPECT_EQ(decision.answer, Answer::decided);
    return decision.decision.verdict;
}

std::string mismatch(const BatchDecision &decision) {
    return decision.answer == Answer::mismatched ? std::string(to_text(decision.mismatch)) : "none";
}

TEST(Batch, TheLastUnitGoesToTheFirst) {
    Figures figures = shop();
    const auto decisions = buy(figures, {purchase(1, 0), purchase(1, 1)});
    EXPECT_EQ(verdict(decisions[0]), Verdict::accept);
    EXPECT_EQ(verdict(decisions[1]), Verdict::sold_out);
    EXPECT_EQ(figures.items[1]->stock, Quantity{0});
    EXPECT_EQ(figures.wallets[0].balance, Money{98});
    EXPECT_EQ(figures.wallets[1].balance, Money{100});
}

TEST(Batch, ABuyerSpendsHisMoneyOnce) {
    Figures figures = shop();
    figures.wallets[0] = wallet(30);
    const auto decisions = buy(figures, {purchase(0, 0, 4), purchase(0, 0, 3), purchase(0, 0, 2)});
    EXPECT_EQ(verdict(decisions[0]), Verdict::accept);
    EXPECT_EQ(verdict(decisions[1]), Verdict::insufficient_funds);
    EXPECT_EQ(verdict(decisions[2]), Verdict::accept);
    EXPECT_EQ(figures.wallets[0].balance, Money{0});
    EXPECT_EQ(figures.items[0]->stock, Quantity{4});
}

TEST(Batch, EachDecisionTellsWhatItFoundAndWhatIsLeft) {
    Figures figures = shop();
    const auto decisions = buy(figures, {purchase(0, 0, 4), purchase(0, 1, 7), purchase(0, 0, 2)});
    EXPECT_EQ(decisions[0].item.stock, Quantity{10});
    EXPECT_EQ(decisions[1].item.stock, Quantity{6});
    EXPECT_EQ(decisions[2].item.stock, Quantity{6});
    EXPECT_EQ(decisions[0].wallet.balance, Money{80});
    EXPECT_EQ(decisions[1].wallet.balance, Money{100});
    EXPECT_EQ(decisions[2].wallet.balance, Money{70});
    EXPECT_EQ(decisions[2].decision.amount, Money{10});
}

TEST(Batch, ARefusedOneDoesNotSpoilItsNeighbours) {
    Figures figures = shop();
    const auto decisions = buy(figures, {purchase(0, 0), purchase(0, 2), purchase(none, 0),
                                         purchase(0, none), purchase(0, 1, 11), purchase(0, 0)});
    EXPECT_EQ(verdict(decisions[0]), Verdict::accept);
    EXPECT_EQ(verdict(decisions[1]), Verdict::insufficient_funds);
    EXPECT_EQ(verdict(decisions[2]), Verdict::unknown_item);
    EXPECT_EQ(verdict(decisions[3]), Verdict::unknown_buyer);
    EXPECT_EQ(verdict(decisions[4]), Verdict::sold_out);
    EXPECT_EQ(verdict(decisions[5]), Verdict::accept);
    EXPECT_EQ(figures.items[0]->stock, Quantity{8});
    EXPECT_EQ(figures.wallets[0].balance, Money{90});
}

TEST(Batch, AFlawedRowConcernsItsOwnRequestsAlone) {
    Figures figures = shop();
    figures.items.push_back(item(-8, 5));
    figures.items.push_back(item(10, 5));
    figures.items.back()->flaw = ItemFlaw::price_below_zero;
    const int below_zero = static_cast<int>(figures.items.size()) - 2;
    const auto decisions =
        buy(figures, {purchase(below_zero, 0), purchase(0, 0), purchase(below_zero + 1, 0)});
    EXPECT_EQ(verdict(decisions[0]), Verdict::sold_out);
    EXPECT_EQ(verdict(decisions[1]), Verdict::accept);
    EXPECT_EQ(verdict(decisions[2]), Verdict::not_on_sale);
}

TEST(Batch, AnUnlimitedItemLosesNothing) {
    Figures figures = shop();
    figures.items.push_back(item(0, 1));
    figures.items.back()->is_unlimited = true;
    const int unlimited = static_cast<int>(figures.items.size()) - 1;
    const auto decisions = buy(figures, {purchase(unlimited, 0, 30), purchase(unlimited, 1, 30)});
    EXPECT_EQ(verdict(decisions[0]), Verdict::accept);
    EXPECT_EQ(verdict(decisions[1]), Verdict::accept);
    EXPECT_EQ(figures.items.back()->stock, Quantity{0});
}

TEST(Batch, APlaceMayBeThatOfARowThatIsNotThere) {
    Figures figures = shop();
    figures.items[1].reset();
    figures.wallets[1].kind = WalletState::Kind::unknown;
    const auto decisions = buy(figures, {purchase(1, 0), purchase(0, 1)});
    EXPECT_EQ(verdict(decisions[0]), Verdict::unknown_item);
    EXPECT_EQ(verdict(decisions[1]), Verdict::unknown_buyer);
}

TEST(Batch, WalletsElsewhereAreNotCharged) {
    Figures figures = shop();
    figures.wallets[0] = {};
    const auto decisions = buy(figures, {purchase(0, 0, 10), purchase(0, 0)});
    EXPECT_EQ(verdict(decisions[0]), Verdict::accept);
    EXPECT_EQ(verdict(decisions[1]), Verdict::sold_out);
    EXPECT_EQ(figures.wallets[0].balance, Money{0});
}

TEST(Batch, InvalidRequestsArePassedOver) {
    Figures figures = shop();
    auto invalid = purchase(1, 0, 1, 0);
    invalid.is_valid = false;
    const auto decisions = buy(figures, {invalid, purchase(1, 1, 1, 0)});
    EXPECT_EQ(verdict(decisions[1]), Verdict::accept);
    EXPECT_EQ(figures.wallets[0].balance, Money{100});
    EXPECT_EQ(figures.ids[0]->request, 1);
}

TEST(Batch, AnIdBuysOnce) {
    Figures figures = shop();
    const auto decisions = buy(figures, {purchase(0, 0, 2, 0), purchase(0, 1), purchase(0, 0, 2, 0)});
    EXPECT_EQ(decisions[2].answer, Answer::replayed);
    EXPECT_EQ(decisions[2].decision.verdict, Verdict::accept);
    EXPECT_EQ(decisions[2].replay_of, 0);
    EXPECT_EQ(decisions[2].wallet.balance, Money{90});
    EXPECT_EQ(figures.items[0]->stock, Quantity{7});
    EXPECT_EQ(figures.wallets[0].balance, Money{90});
}

TEST(Batch, WhatWasRecordedBeforeIsReplayed) {
    Figures figures = shop();
    figures.ids[0] = UsedId{.kind = UsedId::Kind::purchase, .item = 0, .wallet = 0, .qty = Quantity{2}};
    const auto decisions = buy(figures, {purchase(0, 0, 2, 0)});
    EXPECT_EQ(decisions[0].answer, Answer::replayed);
    EXPECT_EQ(decisions[0].replay_of, none);
    EXPECT_EQ(figures.items[0]->stock, Quantity{10});
}

TEST(Batch, AnIdAnswersByTheKeyThatItsRowHasNow) {
    Figures figures = shop();
    Party wallet = 0;
    wallet.now = 1;
    figures.ids[0] =
        UsedId{.kind = UsedId::Kind::purchase, .item = 0, .wallet = wallet, .qty = Quantity{2}};
    const auto decisions =
        buy(figures, {purchase(0, 1, 2, 0), purchase(0, 0, 2, 0), purchase(0, 2, 2, 0)});
    EXPECT_EQ(decisions[0].answer, Answer::replayed);
    EXPECT_EQ(decisions[1].answer, Answer::replayed);
    EXPECT_EQ(mismatch(decisions[2]), "buyer");
    EXPECT_EQ(figures.items[0]->stock, Quantity{10});
}

TEST(Batch, AnIdAnswersNoOtherRequest) {
    Figures figures = shop();
    figures.ids[1] = UsedId{.kind = UsedId::Kind::transfer, .wallet = 0, .payee = 1};
    const auto decisions =
        buy(figures, {purchase(0, 0, 2, 0), purchase(0, 0, 3, 0), purchase(1, 0, 2, 0),
                      purchase(0, 1, 2, 0), purchase(0, 0, 2, 1)});
    EXPECT_EQ(mismatch(decisions[1]), "quantity");
    EXPECT_EQ(mismatch(decisions[2]), "item");
    EXPECT_EQ(mismatch(decisions[3]), "buyer");
    EXPECT_EQ(mismatch(decisions[4]), "kind");
    EXPECT_EQ(decisions[1].replay_of, 0);
    EXPECT_EQ(figures.items[0]->stock, Quantity{8});
}

TEST(Batch, ARefusalIsReplayedWhereItIsRemembered) {
    Figures figures = shop();
    const auto decisions =
        buy(figures, {purchase(0, 2, 1, 0), purchase(0, 2, 1, 0), purchase(0, 2, 2, 0)}, true);
    EXPECT_EQ(verdict(decisions[0]), Verdict::insufficient_funds);
    EXPECT_EQ(decisions[1].answer, Answer::replayed);
    EXPECT_EQ(decisions[1].decision.verdict, Verdict::insufficient_funds);
    EXPECT_EQ(decisions[1].replay_of, 0);
    EXPECT_EQ(mismatch(decisions[2]), "quantity");
}

TEST(Batch, ARefusalThatIsNotRememberedLeavesTheIdFree) {
    Figures figures = shop();
    const auto decisions =
        buy(figures, {purchase(0, 2, 1, 0), purchase(0, 0, 2, 0), purchase(0, 0, 2, 0)});
    EXPECT_EQ(verdict(decisions[0]), Verdict::insufficient_funds);
    EXPECT_EQ(verdict(decisions[1]), Verdict::accept);
    EXPECT_EQ(decisions[2].answer, Answer::replayed);
    EXPECT_EQ(decisions[2].replay_of, 1);
}

TEST(Batch, AnAmountOutOfRangeIsNeverRemembered) {
    Figures figures = shop();
    figures.items[0] = item(10, max);
    const auto decisions = buy(figures, {purchase(0, 0, 2, 0), purchase(0, 0, 2, 0)}, true);
    EXPECT_EQ(verdict(decisions[0]), Verdict::amount_out_of_range);
    EXPECT_EQ(verdict(decisions[1]), Verdict::amount_out_of_range);
    EXPECT_EQ(figures.ids[0], std::nullopt);
}

TEST(Cart, AllLinesAreSold) {
    Figures figures = shop();
    std::vector<BatchDecision> decisions(2);
    const std::vector lines{purchase(0, 0, 3), purchase(1, 0)};
    EXPECT_EQ(decide_cart(state_of(figures), lines, decisions), none);
    EXPECT_EQ(decisions[0].wallet.balance, Money{85});
    EXPECT_EQ(decisions[1].wallet.balance, Money{83});
    EXPECT_EQ(figures.items[0]->stock, Quantity{7});
    EXPECT_EQ(figures.items[1]->stock, Quantity{0});
    EXPECT_EQ(figures.wallets[0].balance, Money{83});
}

TEST(Cart, ALineThatIsRefusedUndoesTheOthers) {
    Figures figures = shop();
    std::vector<BatchDecision> decisions(4);
    const std::vector lines{purchase(0, 0, 3), purchase(1, 0), purchase(1, 0), purchase(0, 0)};
    EXPECT_EQ(decide_cart(state_of(figures), lines, decisions), 2);
    EXPECT_EQ(decisions[2].decision.verdict, Verdict::sold_out);
    EXPECT_TRUE(same(figures, shop()));
}

TEST(Cart, ItsLinesSpendTheMoneyOnce) {
    Figures figures = shop();
    std::vector<BatchDecision> decisions(2);
    figures.wallets[0] = wallet(16);
    const Figures before = figures;
    EXPECT_EQ(decide_cart(state_of(figures), std::vector{purchase(0, 0, 3), purchase(1, 0)}, decisions),
              1);
    EXPECT_EQ(decisions[1].decision.verdict, Verdict::insufficient_funds);
    EXPECT_TRUE(same(figures, before));
}

TEST(Cart, ItsSumMustFitTheColumn) {
    Figures figures = shop();
    std::vector<BatchDecision> decisions(2);
    std::vector lines{purchase(0, 0, 3), purchase(1, 0)};
    for (auto &line : lines) line.terms.amount_max = Money{16};
    EXPECT_EQ(decide_cart(state_of(figures), lines, decisions), 1);
    EXPECT_EQ(decisions[1].decision.verdict, Verdict::amount_out_of_range);
    EXPECT_TRUE(same(figures, shop()));
    for (auto &line : lines) line.terms.amount_max = Money{17};
    EXPECT_EQ(decide_cart(state_of(figures), lines, decisions), none);
}

TEST(Cart, ItsSumMayNotExist) {
    Figures figures = shop();
    std::vector<BatchDecision> decisions(2);
    figures.items = {item(1, max), item(1, 1)};
    figures.wallets[0] = {};
    EXPECT_EQ(decide_cart(state_of(figures), std::vector{purchase(0, 0), purchase(1, 0)}, decisions), 1);
    EXPECT_EQ(decisions[1].decision.verdict, Verdict::amount_out_of_range);
    EXPECT_EQ(figures.items[0]->stock, Quantity{1});
    EXPECT_EQ(figures.items[1]->stock, Quantity{1});
}

TEST(Transfers, MoneyThatCameInCanGoOut) {
    Figures figures = shop();
    const auto decisions = pay(figures, {transfer(2, 0, 1), transfer(1, 2, 100), transfer(2, 0, 60)});
    EXPECT_EQ(verdict(decisions[0]), Verdict::insufficient_funds);
    EXPECT_EQ(verdict(decisions[1]), Verdict::accept);
    EXPECT_EQ(verdict(decisions[2]), Verdict::accept);
    EXPECT_EQ(decisions[0].wallet.balance, Money{0});
    EXPECT_EQ(decisions[1].wallet.balance, Money{0});
    EXPECT_EQ(decisions[2].wallet.balance, Money{40});
    EXPECT_EQ(figures.wallets[0].balance, Money{160});
}

TEST(Transfers, APayeeHoldsNoMoreThanHisWalletCan) {
    Figures figures = shop();
    auto first = transfer(0, 1, 50);
    auto second = transfer(0, 1, 1);
    first.balance_max = second.balance_max = Money{150};
    const auto decisions = pay(figures, {first, second});
    EXPECT_EQ(verdict(decisions[0]), Verdict::accept);
    EXPECT_EQ(verdict(decisions[1]), Verdict::amount_out_of_range);
    EXPECT_EQ(figures.wallets[0].balance, Money{50});
    EXPECT_EQ(figures.wallets[1].balance, Money{150});
}

TEST(Transfers, ABalanceThatIsNotExactReceivesNothing) {
    Figures figures = shop();
    figures.wallets[1].is_exact = false;
    EXPECT_EQ(verdict(pay(figures, {transfer(0, 1, 1)})[0]), Verdict::amount_out_of_range);
    figures.wallets[1] = wallet(-5);
    EXPECT_EQ(verdict(pay(figures, {transfer(0, 1, 1)})[0]), Verdict::accept);
    EXPECT_EQ(figures.wallets[1].balance, Money{-4});
    EXPECT_EQ(verdict(pay(figures, {transfer(1, 0, 1)})[0]), Verdict::insufficient_funds);
}

TEST(Transfers, ABalanceThatDoesNotExistIsNoTransfer) {
    Figures figures = shop();
    figures.wallets[1] = wallet(max);
    EXPECT_EQ(verdict(pay(figures, {transfer(0, 1, 1)})[0]), Verdict::amount_out_of_range);
    EXPECT_EQ(figures.wallets[1].balance, Money{max});
}

TEST(Transfers, BothPartiesMustBeKnown) {
    Figures figures = shop();
    figures.wallets[2].kind = WalletState::Kind::unknown;
    for (const auto &decision : pay(figures, {transfer(none, 0, 1), transfer(0, none, 1),
                                              transfer(2, 0, 1), transfer(0, 2, 1)}))
        EXPECT_EQ(verdict(decision), Verdict::unknown_buyer);
    EXPECT_EQ(figures.wallets[0].balance, Money{100});
}

TEST(Transfers, AnIdPaysOnce) {
    Figures figures = shop();
    const auto decisions =
        pay(figures, {transfer(0, 1, 5, 0), transfer(0, 1, 5, 0), transfer(0, 1, 6, 0),
                      transfer(0, 2, 5, 0), transfer(2, 1, 5, 0)});
    EXPECT_EQ(decisions[1].answer, Answer::replayed);
    EXPECT_EQ(decisions[1].replay_of, 0);
    EXPECT_EQ(mismatch(decisions[2]), "amount");
    EXPECT_EQ(mismatch(decisions[3]), "wallet");
    EXPECT_EQ(mismatch(decisions[4]), "wallet");
    EXPECT_EQ(figures.wallets[0].balance, Money{95});
    EXPECT_EQ(mismatch(buy(figures, {purchase(0, 0, 1, 0)})[0]), "kind");
}

TEST(Transfers, ARefusedOneLeavesTheIdFree) {
    Figures figures = shop();
    const auto decisions = pay(figures, {transfer(2, 0, 1, 0), transfer(0, 1, 5, 0)});
    EXPECT_EQ(verdict(decisions[0]), Verdict::insufficient_funds);
    EXPECT_EQ(verdict(decisions[1]), Verdict::accept);
}

TEST(Transfers, InvalidRequestsArePassedOver) {
    Figures figures = shop();
    auto invalid = transfer(0, 0, 5, 0);
    invalid.is_valid = false;
    const auto decisions = pay(figures, {invalid, transfer(0, 1, 5, 0)});
    EXPECT_EQ(verdict(decisions[1]), Verdict::accept);
    EXPECT_EQ(figures.wallets[0].balance, Money{95});
}

// Draws small batches, in each run the same ones.
template <typename Check> void expect_none(std::uint64_t seed, Check broken) {
    std::mt19937_64 random(seed);
    auto draw = [&random](std::uint64_t below) { return random() % below; };
    for (int i = 0; i < 20000; ++i) ASSERT_EQ(broken(model::draw_case(draw)), "") << "case " << i;
}

TEST(BatchByChance, PurchasesFallAsOneByOne) {
    expect_none(1, model::purchases_differ_from_model);
}

TEST(BatchByChance, WhatIsSoldWasThereAndIsPaidFor) {
    expect_none(2, model::purchases_do_not_conserve);
}

TEST(BatchByChance, CartsAreAllOrNone) {
    expect_none(3, model::cart_is_not_all_or_none);
}

TEST(BatchByChance, TransfersFallAsOneByOne) {
    expect_none(4, model::transfers_differ_from_model);
}

TEST(BatchByChance, TransfersLoseNoMoney) {
    expect_none(5, model::transfers_do_not_conserve);
}

// The fuzzer's entry point aborts on the first file that breaks a rule, which is the last file that was
// named.
TEST(BatchFuzz, TheCorpusHolds) {
    int files = 0;
    for (const auto &entry : std::filesystem::directory_iterator(BATCH_CORPUS)) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        const std::vector<std::uint8_t> data(bytes.begin(), bytes.end());
        (void)std::fprintf(stderr, "%s\n", entry.path().filename().c_str());
        LLVMFuzzerTestOneInput(data.data(), data.size());
        ++files;
    }
    EXPECT_GT(files, 0);
}

} // namespace
