// Purchases whose connection is damaged at a given byte: each of them takes place once and is answered.
#include "faults.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <iostream>
#include <random>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
constexpr int lanes = 4;

template <typename Work> void in_lanes(Work work) {
    std::vector<std::thread> threads;
    for (int lane = 0; lane < lanes; ++lane) threads.emplace_back([&work, lane] { work(lane); });
    for (auto &thread : threads) thread.join();
}

// The item that all lanes sell. Its stock is read without a proxy.
struct sold_item {
    static constexpr long stock = 1000000;

    shop_for_tests shop;
    std::string item = shop.new_item(stock, 1);
    std::atomic<long> sold{0};

    void expect_exact() {
        EXPECT_EQ(shop.stock_of(item), std::to_string(stock - sold));
        EXPECT_EQ(
            shop.exec("SELECT count(*) FROM shop.ledger WHERE item = $1 AND kind = 'purchase'", {item}),
            std::to_string(sold));
        EXPECT_TRUE(shop.client.audit().empty());
    }
};

// How many bytes a connection has passed, in each direction, after its first purchase and after its
// second.
struct passed_bytes {
    std::size_t first[2];
    std::size_t second[2];
};

// A thread that buys. It has a proxy of its own, so that each plan meets the connection that it is for.
struct lane {
    explicit lane(sold_item &from) : at(from), buyer(from.shop.new_wallet(sold_item::stock)) {}

    sold_item &at;
    proxy between;
    std::string buyer;

    void buy(vend::client &shop) {
        const auto id = vend::uuid::make_v7();
        const auto receipt = shop.purchase({.item = at.item, .buyer = buyer, .id = id});
        ++at.sold;
        EXPECT_EQ(receipt.id, id);
        EXPECT_EQ(receipt.item, at.item);
        EXPECT_EQ(receipt.amount, vend::numeric(1));
        EXPECT_EQ(at.shop.sales_under(id), "1");
    }

    // Buys once by a new client, or twice where the second purchase is to meet an established
    // connection.
    void buy_through(const proxy::plan &what, bool is_established, const vend::options &options) {
        vend::client shop{between.conninfo(), options};
        between.damage_next(what);
        try {
            if (is_established) buy(shop);
            buy(shop);
        } catch (const vend::error &failure) {
            ADD_FAILURE() << failure.sqlstate() << ' ' << failure.what();
        }
    }

    passed_bytes measure() {
        vend::client shop{between.conninfo()};
        const std::size_t before[] = {between.passed(directions[0]), between.passed(directions[1])};
        passed_bytes found{};
        buy(shop);
        for (int i = 0; i < 2; ++i) found.first[i] = between.passed(directions[i]) - before[i];
        buy(shop);
        for (int i = 0; i < 2; ++i) found.second[i] = between.passed(directions[i]) - before[i];
        return found;
    }
};

// Damages every step-th byte in both directions, and a few more: numbers in the messages may grow by a
// digit.
void sweep(damage what, std::size_t step, bool is_established, const vend::options &options) {
    sold_item at;
    std::atomic<int> positions{0};
    in_lanes([&](int number) {
        lane self(at);
        const passed_bytes length = self.measure();
        for (int i = 0; i < 2; ++i) {
            const std::size_t first = is_established ? length.first[i] - 4 : 0;
            const std::size_t last = (is_established ? length.second[i] : length.first[i]) + 4;
            for (std::size_t byte = first + static_cast<std::size_t>(number) * step; byte < last;
                 byte += lanes * step) {
                const auto delay = what == damage::silence ? until_it_hangs_up : 2ms;
                self.buy_through({what, directions[i], byte, delay}, is_established, options);
                ++positions;
                if (testing::Test::HasFailure()) {
                    ADD_FAILURE() << "at byte " << byte
                                  << (i == 0 ? " to the server" : " to the client");
                    return;
                }
            }
        }
    });
    at.expect_exact();
    std::cout << positions << " positions\n";
}

class Cut : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Connections, Cut, testing::Bool(),
                         [](const auto &kind) { return kind.param ? "Established" : "Fresh"; });

TEST_P(Cut, AtEveryByte) {
    sweep(damage::cut, 1, GetParam(), patient());
}

TEST_P(Cut, LosesTheRest) {
    sweep(damage::truncate, static_cast<std::size_t>(number_from("SDK_STEP", 5)), GetParam(), patient());
}

TEST_P(Cut, SaysItTwice) {
    sweep(damage::duplicate, static_cast<std::size_t>(number_from("SDK_STEP", 5)), GetParam(),
          patient());
}

TEST_P(Cut, Stutters) {
    sweep(damage::delay, static_cast<std::size_t>(number_from("SDK_STEP", 5)), GetParam(), patient());
}

TEST_P(Cut, FallsSilent) {
    sweep(damage::silence, static_cast<std::size_t>(number_from("SDK_STEP", 5)) * 8, GetParam(),
          patient_with_short_attempts());
}

// Every connection is damaged, and every call is answered.
TEST(RandomCuts, LoseNothingAndDoubleNothing) {
    const long cuts = number_from("SDK_CUTS", 300);
    random_damage plans(seed());
    sold_item at;
    std::atomic<long> answered{0};
    std::atomic<long> unknown{0};
    constexpr long price = 1;
    std::vector<std::string> buyers(lanes);
    std::vector<std::atomic<long>> sold_to(lanes);
    for (auto &buyer : buyers) buyer = at.shop.new_wallet(sold_item::stock);
    proxy between;
    between.damage_all([&] { return plans.next(); });
    auto options = patient_with_short_attempts();
    options.connections_max = lanes / 2;
    vend::client shop{between.conninfo(), options};
    in_lanes([&](int number) {
        const auto lane = static_cast<std::size_t>(number);
        while (plans.plans < cuts) {
            const auto id = vend::uuid::make_v7();
            try {
                const auto sale = shop.try_purchase({.item = at.item, .buyer = buyers[lane], .id = id});
                ++answered;
                EXPECT_TRUE(sale) << to_string(sale.status) << ' ' << sale.detail;
                EXPECT_EQ(sale.id, id);
                EXPECT_EQ(sale.buyer, buyers[lane]);
                EXPECT_EQ(at.shop.sales_under(id), "1");
                ++at.sold;
                ++sold_to[lane];
            } catch (const vend::error &failure) {
                ++unknown;
                ADD_FAILURE() << failure.sqlstate() << ' ' << failure.what() << ", attempts "
                              << failure.attempts();
            }
        }
    });
    at.expect_exact();
    for (std::size_t lane = 0; lane < lanes; ++lane)
        EXPECT_EQ(at.shop.exec("SELECT balance FROM shop.wallet WHERE id = $1", {buyers[lane]}),
                  std::to_string(sold_item::stock - price * sold_to[lane]));
    std::cout << plans.plans << " connections damaged, " << answered << " purchases answered, "
              << unknown << " unknown\n";
}

// A transaction that buys and writes a row of the caller's own.
class CutTransaction : public testing::Test {
  protected:
    void SetUp() override {
        direct_.exec("CREATE TABLE IF NOT EXISTS public.sdk_note (id uuid, item text)");
    }

    void run(vend::client &shop, const vend::uuid &id) {
        shop.transaction([&](vend::transaction &tx) {
            (void)tx.purchase({.item = item_, .buyer = buyer_, .id = id});
            (void)tx.exec("INSERT INTO public.sdk_note (id, item) VALUES ($1, $2)", {id, item_});
        });
    }

    void expect_once(const vend::uuid &id, const std::string &where) {
        EXPECT_EQ(direct_.sales_under(id), "1") << where;
        EXPECT_EQ(direct_.exec("SELECT count(*) FROM public.sdk_note WHERE id = $1", {id}), "1")
            << where;
        ++sold_;
    }

    // Damages every step-th byte that the transaction sends or gets, and every byte of COMMIT and its
    // answer.
    void sweep(damage what, std::size_t step, const vend::options &options) {
        constexpr std::size_t commit_bytes = 60;
        std::size_t first[2];
        std::size_t last[2];
        {
            const std::size_t base[] = {between_.passed(directions[0]), between_.passed(directions[1])};
            vend::client shop{between_.conninfo(), options};
            (void)shop.available(item_);
            for (int i = 0; i < 2; ++i) first[i] = between_.passed(directions[i]) - base[i];
            const auto id = vend::uuid::make_v7();
            run(shop, id);
            expect_once(id, "without damage");
            for (int i = 0; i < 2; ++i) last[i] = between_.passed(directions[i]) - base[i];
        }
        int positions = 0;
        for (int i = 0; i < 2; ++i)
            for (std::size_t byte = first[i]; byte < last[i] + 3;
                 byte += byte + step + commit_bytes < last[i] ? step : 1) {
                const std::string where = "byte " + std::to_string(byte) + " of " +
                                          std::to_string(last[i]) +
                                          (i == 0 ? " to the server" : " to the client");
                const auto id = vend::uuid::make_v7();
                vend::client shop{between_.conninfo(), options};
                between_.damage_next({what, directions[i], byte});
                try {
                    (void)shop.available(item_);
                    run(shop, id);
                } catch (const vend::error &failure) {
                    FAIL() << failure.sqlstate() << ' ' << failure.what()
                           << (failure.is_in_doubt() ? " in doubt" : "") << ", " << where;
                }
                expect_once(id, where);
                ASSERT_FALSE(HasFailure());
                ++positions;
            }
        EXPECT_EQ(direct_.stock_of(item_), std::to_string(sold_item::stock - sold_));
        EXPECT_EQ(direct_.exec("SELECT balance FROM shop.wallet WHERE id = $1", {buyer_}),
                  std::to_string(sold_item::stock - sold_));
        EXPECT_EQ(direct_.exec("SELECT count(*) FROM public.sdk_note WHERE item = $1", {item_}),
                  std::to_string(sold_));
        std::cout << positions << " positions\n";
    }

    shop_for_tests direct_;
    proxy between_;
    std::string item_ = direct_.new_item(sold_item::stock, 1);
    std::string buyer_ = direct_.new_wallet(sold_item::stock);
    long sold_ = 0;
};

TEST_F(CutTransaction, AtEveryByteOfItsEnd) {
    sweep(damage::cut, 16, patient());
}

TEST_F(CutTransaction, LosesTheRest) {
    sweep(damage::truncate, 64, patient());
}

TEST_F(CutTransaction, FallsSilentWhileItCommits) {
    const auto options = patient_with_short_attempts();
    const std::size_t base[] = {between_.passed(directions[0]), between_.passed(directions[1])};
    std::size_t end[2];
    {
        vend::client shop{between_.conninfo(), options};
        const auto id = vend::uuid::make_v7();
        run(shop, id);
        for (int i = 0; i < 2; ++i) end[i] = between_.passed(directions[i]) - base[i];
        expect_once(id, "without damage");
    }
    // COMMIT is the last message that is sent, of less than 50 bytes, and its answer is the last that
    // comes.
    for (int i = 0; i < 2; ++i)
        for (std::size_t back = 2; back < (i == 0 ? 45 : 20); back += 4) {
            const auto id = vend::uuid::make_v7();
            vend::client shop{between_.conninfo(), options};
            between_.damage_next({damage::silence, directions[i], end[i] - back, until_it_hangs_up});
            try {
                run(shop, id);
            } catch (const vend::error &failure) {
                FAIL() << failure.sqlstate() << ' ' << failure.what()
                       << (failure.is_in_doubt() ? " in doubt" : "") << ", " << back
                       << " bytes before the end";
            }
            expect_once(id, std::to_string(back) + " bytes before the end");
        }
}

} // namespace
