// Purchases of many threads in common batches.
#include "faults.hpp"

#include <vend/coalescer.hpp>

#include <climits>
#include <gtest/gtest.h>
#include <map>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using vend::status;

template <typename Work> void in_threads(int count, Work work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
    for (auto &thread : threads) thread.join();
}

// What the caller of a call sees, as text: the outcome, or all fields of the error. Times are left out.
template <typename Call> std::string as_text(Call call) {
    try {
        const vend::outcome sale = call();
        return std::string(to_string(sale.status)) + '|' + sale.detail + '|' + sale.item.value_or("-") +
               '|' + sale.buyer.value_or("-") + '|' + (sale.qty ? std::to_string(*sale.qty) : "-") +
               '|' + (sale.unit_price ? sale.unit_price->str() : "-") + '|' +
               (sale.amount ? sale.amount->str() : "-") + '|' + (sale.id ? "id" : "-");
    } catch (const vend::error &failure) {
        const auto &fields = failure.diagnostics();
        return failure.sqlstate() + '|' + fields.severity + '|' + fields.message + '|' + fields.detail +
               '|' + fields.hint + '|' + fields.context + '|' + fields.query + '|' +
               (failure.id() ? failure.id()->str() : "-") + '|' + std::to_string(failure.attempts()) +
               (failure.is_in_doubt() ? "|in doubt" : "");
    }
}

TEST(Coalescer, GivesEachThreadItsOwnAnswer) {
    constexpr int threads = 256;
    constexpr int each = 20;
    shop_for_tests shop;
    const auto item = shop.new_item(threads * each - 500, 1);
    std::vector<std::string> buyers(threads);
    for (auto &buyer : buyers) buyer = shop.new_wallet(each);
    std::atomic<int> sold{0};
    std::atomic<int> refused{0};
    {
        vend::coalescer together{vend::client{"", patient()}};
        in_threads(threads, [&](int number) {
            const auto &buyer = buyers[static_cast<std::size_t>(number)];
            for (int i = 0; i < each; ++i) {
                const auto id = vend::uuid::make_v7();
                const auto sale = together.try_purchase({.item = item, .buyer = buyer, .id = id});
                EXPECT_EQ(sale.id, id);
                EXPECT_EQ(sale.buyer, buyer);
                EXPECT_TRUE(sale.status == status::purchased || sale.status == status::sold_out)
                    << to_string(sale.status);
                ++(sale ? sold : refused);
            }
        });
    }
    EXPECT_EQ(sold, threads * each - 500);
    EXPECT_EQ(refused, 500);
    EXPECT_EQ(shop.stock_of(item), "0");
    EXPECT_TRUE(shop.client.audit().empty());
}

// Two batches wait for a row. What comes meanwhile is one batch, which follows them.
TEST(Coalescer, GathersWhileBatchesAreUnderWay) {
    constexpr int many = 500;
    shop_for_tests shop("", patient());
    const auto item = shop.new_item(many, 1);
    const auto buyer = shop.new_wallet(many);
    std::atomic<int> batches{0};
    vend::options options = patient();
    options.on_attempt = [&](const vend::attempt_event & /*event*/) { ++batches; };
    const vend::client client{"", options};
    vend::coalescer together{client};
    std::vector<std::future<vend::outcome>> answers;
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        const auto submit = [&] { answers.push_back(together.submit({.item = item, .buyer = buyer})); };
        for (int under_way = 1; under_way <= 2; ++under_way) {
            submit();
            EXPECT_TRUE(eventually([&] { return client.pool()->used().busy == under_way; }));
        }
        while (answers.size() < many) submit();
    });
    for (auto &answer : answers) EXPECT_EQ(answer.get().status, status::purchased);
    EXPECT_EQ(batches, 3);
}

TEST(Coalescer, AnswersAsTheClientWould) {
    shop_for_tests shop;
    const auto buyer = shop.new_wallet(100);
    const auto poor = shop.new_wallet(1);
    const auto item = shop.new_item(50);
    const auto rare = shop.new_item(1);
    const auto coupon = shop.new_item(9);
    const auto known = shop.client.purchase({.item = item, .buyer = buyer});
    const auto id = [] { return vend::uuid::make_v7(); };
    const std::vector<vend::purchase_request> odd{
        {.item = item, .buyer = buyer, .qty = 0, .id = id()},
        {.item = item, .buyer = buyer, .qty = -3, .id = id()},
        {.item = item, .buyer = buyer, .qty = INT64_MAX, .id = id()},
        {.item = item, .buyer = buyer, .qty = 2, .id = known.id},
        {.item = item, .buyer = poor, .id = known.id},
        {.item = item, .buyer = buyer, .id = known.id},
        {.item = "\xc3\x28", .buyer = buyer, .id = id()},
        {.item = std::string("a\0b", 3), .buyer = buyer, .id = id()},
        {.item = item, .buyer = buyer, .id = id(), .store = "no such store"},
        {.item = item, .buyer = buyer, .id = id(), .store = ""},
        {.item = "ghost", .buyer = buyer, .id = id()},
        {.item = "", .buyer = "", .id = id()},
        {.item = item, .buyer = "ghost", .id = id()},
        {.item = item, .buyer = poor, .id = id()},
        {.item = rare, .buyer = buyer, .qty = 2, .id = id()},
        {.item = item, .buyer = buyer, .id = id(), .max_price = 9},
        {.item = item, .buyer = buyer, .id = id(), .max_price = -1},
        {.item = item, .buyer = buyer, .id = id(), .max_price = vend::numeric("9.99")},
        {.item = coupon, .buyer = shop.new_wallet(10), .id = id(), .unit_price = 5},
        {.item = coupon, .buyer = shop.new_wallet(20), .qty = 2, .id = id(), .amount = 15},
        {.item = item, .buyer = buyer, .id = id(), .unit_price = 5, .amount = 5},
        {.item = item, .buyer = buyer, .id = id(), .amount = vend::numeric("0.5")},
        {.item = item,
         .buyer = buyer,
         .id = id(),
         .lock_mode = "pessimistic",
         .nowait = true,
         .expected_version = 99},
        {.item = item, .buyer = buyer, .id = id(), .lock_mode = "nonsense"},
        {.item = item, .buyer = "ghost", .id = id(), .remember = true},
    };
    std::vector<std::string> expected;
    for (const auto &request : odd) {
        (void)as_text([&] { return shop.client.try_purchase(request); }); // some answers are remembered
        expected.push_back(as_text([&] { return shop.client.try_purchase(request); }));
    }
    // Each of them has a valid neighbour, and the delay makes them one batch.
    for (const int requests_max : {1000, 3}) {
        const auto good = shop.new_item(1000, 1);
        const auto rich = shop.new_wallet(1000);
        const auto before = shop.stock_of(item);
        {
            vend::coalescer together{
                shop.client, {.requests_max = requests_max, .batches_max = 1, .delay_us_max = 20000}};
            std::vector<std::future<vend::outcome>> neighbours;
            std::vector<std::future<vend::outcome>> answers;
            for (const auto &request : odd) {
                neighbours.push_back(together.submit({.item = good, .buyer = rich}));
                answers.push_back(together.submit(request));
            }
            for (std::size_t i = 0; i < odd.size(); ++i)
                EXPECT_EQ(as_text([&] { return answers[i].get(); }), expected[i]) << "request " << i;
            for (auto &neighbour : neighbours) EXPECT_EQ(neighbour.get().status, status::purchased);
            for (std::size_t i = 0; i < odd.size(); ++i)
                EXPECT_EQ(as_text([&] { return together.try_purchase(odd[i]); }), expected[i])
                    << "request " << i;
        }
        EXPECT_EQ(shop.stock_of(good), std::to_string(1000 - odd.size()));
        EXPECT_EQ(shop.stock_of(item), before);
    }
}

TEST(Coalescer, ReplaysAnIdThatIsInABatchTwice) {
    shop_for_tests shop;
    const auto item = shop.new_item(10);
    const auto buyer = shop.new_wallet(100);
    const auto other = shop.new_wallet(100);
    const auto id = vend::uuid::make_v7();
    vend::coalescer together{shop.client, {.batches_max = 1, .delay_us_max = 20000}};
    auto first = together.submit({.item = item, .buyer = buyer, .id = id});
    auto second = together.submit({.item = item, .buyer = buyer, .id = id});
    auto third = together.submit({.item = item, .buyer = other, .id = id});
    EXPECT_EQ(first.get().status, status::purchased);
    EXPECT_EQ(second.get().status, status::replayed);
    EXPECT_EQ(sqlstate_of([&] { (void)third.get(); }), "VN008");
    EXPECT_EQ(shop.stock_of(item), "9");
}

TEST(Coalescer, ServesRequestsThatShareNoBatch) {
    shop_for_tests shop;
    const auto name = new_key("store");
    shop.exec("SELECT vend.create_store($1)", {name});
    shop.exec("INSERT INTO " + name + ".item (id, price, stock) VALUES ('x', 1, 100)");
    shop.exec("INSERT INTO " + name + ".wallet (id, balance) VALUES ('b', 100)");
    const auto item = shop.new_item(100, 1);
    const auto buyer = shop.new_wallet(100);
    {
        vend::coalescer together{shop.client, {.delay_us_max = 5000}};
        std::vector<std::future<vend::outcome>> answers;
        for (int i = 0; i < 40; ++i) {
            vend::purchase_request request{
                .item = "x", .buyer = "b", .remember = i % 4 < 2, .store = name};
            if (i % 2 == 0)
                request = {.item = item, .buyer = buyer, .remember = i % 4 < 2, .store = "shop"};
            answers.push_back(together.submit(std::move(request)));
        }
        for (auto &answer : answers) EXPECT_EQ(answer.get().status, status::purchased);
    }
    EXPECT_EQ(shop.exec("SELECT vend.available($1, 'shop')", {item}), "80");
    EXPECT_EQ(shop.exec("SELECT vend.available('x', $1)", {name}), "80");
    shop.exec("SELECT vend.detach_store($1)", {name});
    shop.exec("DROP SCHEMA " + name + " CASCADE");
}

TEST(Coalescer, AnswersAllBeforeItEnds) {
    shop_for_tests shop;
    const auto item = shop.new_item(1000, 1);
    const auto buyer = shop.new_wallet(1000);
    std::vector<std::future<vend::outcome>> answers;
    {
        vend::coalescer together{shop.client, {.requests_max = 7, .delay_us_max = 1000000}};
        for (int i = 0; i < 500; ++i) answers.push_back(together.submit({.item = item, .buyer = buyer}));
    }
    for (auto &answer : answers) {
        ASSERT_EQ(answer.wait_for(0s), std::future_status::ready);
        EXPECT_EQ(answer.get().status, status::purchased);
    }
    EXPECT_EQ(shop.stock_of(item), "500");
}

TEST(Coalescer, RefusesMoreThanItMayKeepWaiting) {
    shop_for_tests shop;
    const auto item = shop.new_item(10);
    const auto buyer = shop.new_wallet(100);
    std::future<vend::outcome> first;
    std::future<vend::outcome> second;
    {
        vend::coalescer together{shop.client, {.delay_us_max = INT_MAX, .waiting_max = 2}};
        first = together.submit({.item = item, .buyer = buyer});
        second = together.submit({.item = item, .buyer = buyer});
        EXPECT_EQ(sqlstate_of([&] { (void)together.submit({.item = item, .buyer = buyer}); }), "53300");
    }
    EXPECT_EQ(first.get().status, status::purchased);
    EXPECT_EQ(second.get().status, status::purchased);
}

TEST(Coalescer, SendsABatchAfterItsDelay) {
    shop_for_tests shop("", patient());
    const auto item = shop.new_item(10);
    const auto buyer = shop.new_wallet(100);
    vend::coalescer together{shop.client, {.requests_max = 2, .delay_us_max = 200000}};
    std::future<vend::outcome> alone;
    EXPECT_GE(time_of([&] {
                  alone = together.submit({.item = item, .buyer = buyer});
                  EXPECT_EQ(alone.wait_for(long_time), std::future_status::ready);
              }),
              190ms);
    EXPECT_TRUE(alone.get());
}

TEST(Coalescer, SendsAFullBatchAtOnce) {
    shop_for_tests shop("", patient());
    const auto item = shop.new_item(10);
    const auto buyer = shop.new_wallet(100);
    vend::coalescer together{shop.client, {.requests_max = 2, .delay_us_max = INT_MAX}};
    auto first = together.submit({.item = item, .buyer = buyer});
    auto second = together.submit({.item = item, .buyer = buyer});
    EXPECT_EQ(first.wait_for(long_time), std::future_status::ready) << "the delay is half an hour";
    EXPECT_TRUE(first.get() && second.get());
}

// A batch fails because of the server. Each caller gets the error with the id of the caller's own
// request.
TEST(Coalescer, TellsEachCallerOfAFailure) {
    vend::options options;
    options.call_ms_max = 200;
    vend::coalescer together{vend::client{"host=/tmp/no_such_directory", options},
                             {.delay_us_max = 5000}};
    std::vector<std::future<vend::outcome>> answers;
    std::vector<vend::uuid> ids;
    for (int i = 0; i < 10; ++i) {
        ids.push_back(vend::uuid::make_v7());
        answers.push_back(together.submit({.item = "x", .buyer = "y", .id = ids.back()}));
    }
    for (std::size_t i = 0; i < answers.size(); ++i) try {
            (void)answers[i].get();
            ADD_FAILURE();
        } catch (const vend::error &failure) {
            EXPECT_TRUE(failure.sqlstate() == "08001" || failure.sqlstate() == "57014")
                << failure.sqlstate();
            EXPECT_EQ(failure.id(), ids[i]);
            EXPECT_FALSE(failure.is_in_doubt());
        }
}

TEST(Coalescer, SellsOnceWhereverItIsCut) {
    constexpr int threads = 32;
    constexpr int each = 15;
    shop_for_tests shop;
    const auto item = shop.new_item(threads * each, 1);
    std::vector<std::string> buyers(threads);
    for (auto &buyer : buyers) buyer = shop.new_wallet(each);
    random_damage plans(seed());
    proxy between;
    between.damage_all([&] { return plans.next(); });
    std::atomic<int> answered{0};
    // Sessions are terminated after each thirty answers.
    std::thread terminator([&] {
        for (int wanted = 30; wanted < threads * each; wanted += 30) {
            while (answered < wanted) std::this_thread::sleep_for(1ms);
            shop.exec(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%purchase%' AND pid <> "
                "pg_backend_pid()");
        }
    });
    {
        vend::coalescer together{vend::client{between.conninfo(), patient_with_short_attempts()}};
        in_threads(threads, [&](int number) {
            for (int i = 0; i < each; ++i) {
                const auto id = vend::uuid::make_v7();
                try {
                    const auto sale = together.try_purchase(
                        {.item = item, .buyer = buyers[static_cast<std::size_t>(number)], .id = id});
                    EXPECT_TRUE(sale) << to_string(sale.status) << ' ' << sale.detail;
                    EXPECT_EQ(sale.id, id);
                } catch (const vend::error &failure) {
                    ADD_FAILURE() << failure.sqlstate() << ' ' << failure.what();
                }
                ++answered;
            }
        });
    }
    terminator.join();
    std::cout << plans.plans << " connections\n";
    EXPECT_EQ(shop.stock_of(item), "0");
    EXPECT_EQ(
        shop.exec("SELECT count(*) FROM shop.ledger WHERE item = $1 AND kind = 'purchase'", {item}),
        std::to_string(threads * each));
    for (const auto &buyer : buyers)
        EXPECT_EQ(shop.exec("SELECT balance FROM shop.wallet WHERE id = $1", {buyer}), "0");
    EXPECT_TRUE(shop.client.audit().empty());
}

} // namespace

#ifdef __SANITIZE_THREAD__
// libstdc++ is not instrumented, so the sanitizer does not see that the reference count of an exception
// orders the future's thread before the caller's.
extern "C" const char *__tsan_default_suppressions();
extern "C" const char *__tsan_default_suppressions() {
    return "race:std::__exception_ptr::exception_ptr::_M_release\n";
}
#endif
