// Purchases on one connection, in a loop around poll().
#include "faults.hpp"

#include <deque>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <vector>

namespace {

using namespace std::chrono_literals;
using vend::status;

// Until the condition holds; false when it took too long.
bool loop(vend::pipeline &line, const std::function<bool()> &is_done, std::chrono::seconds time = 30s) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!is_done()) {
        if (std::chrono::steady_clock::now() > end) return false;
        line.process();
        if (is_done()) break;
        pollfd file{line.socket(), 0, 0};
        if (line.wants_to_read()) file.events |= POLLIN;
        if (line.wants_to_write()) file.events |= POLLOUT;
        poll(&file, file.fd < 0 ? 0 : 1, std::min(line.timeout_ms(), 1000));
    }
    return true;
}

bool drain(vend::pipeline &line, std::chrono::seconds time = 30s) {
    return loop(
        line, [&] { return line.pending() == 0; }, time);
}

struct tally {
    std::map<std::string, int> counts;

    vend::pipeline::handler counted() {
        return [this](const vend::outcome *sale, const std::exception_ptr &failure) {
            ++counts[sale != nullptr ? std::string(to_string(sale->status)) : sqlstate_of(failure)];
        };
    }
};

TEST(Pipeline, AnswersEachAsTheClientWould) {
    shop_for_tests shop;
    const auto item = shop.new_item(2);
    const auto buyer = shop.new_wallet(1000);
    const auto known = shop.client.purchase({.item = shop.new_item(9), .buyer = buyer});
    vend::pipeline line("");
    auto first = line.try_purchase({.item = item, .buyer = buyer});
    auto second = line.try_purchase({.item = item, .buyer = buyer, .qty = 0});
    auto third = line.try_purchase({.item = "ghost", .buyer = buyer});
    auto fourth = line.try_purchase({.item = item, .buyer = buyer, .id = known.id});
    auto fifth = line.try_purchase({.item = "\xff", .buyer = buyer});
    auto sixth = line.try_purchase({.item = item, .buyer = buyer, .store = "no such store"});
    auto seventh =
        line.try_purchase({.item = item, .buyer = buyer, .lock_mode = "pessimistic", .nowait = true});
    auto eighth = line.try_purchase({.item = item, .buyer = buyer});
    EXPECT_EQ(line.pending(), 8U);
    EXPECT_EQ(
        sqlstate_of([&] { (void)line.try_purchase({.item = std::string("a\0b", 3), .buyer = buyer}); }),
        "22021");
    EXPECT_EQ(line.pending(), 8U);
    ASSERT_TRUE(drain(line));
    EXPECT_EQ(first.get().status, status::purchased);
    EXPECT_EQ(sqlstate_of([&] { (void)second.get(); }), "22023");
    EXPECT_EQ(third.get().status, status::unknown_item);
    EXPECT_EQ(sqlstate_of([&] { (void)fourth.get(); }), "VN008");
    EXPECT_EQ(sqlstate_of([&] { (void)fifth.get(); }), "22021");
    EXPECT_EQ(sqlstate_of([&] { (void)sixth.get(); }), "42704");
    EXPECT_EQ(seventh.get().status, status::purchased);
    EXPECT_EQ(eighth.get().status, status::sold_out);
}

TEST(Pipeline, SellsManyOnOneConnection) {
    constexpr int many = 5000;
    shop_for_tests shop;
    const auto item = shop.new_item(many - 100, 1);
    const auto buyer = shop.new_wallet(10 * many);
    vend::pipeline line("");
    tally found;
    for (int i = 0; i < many; ++i) line.try_purchase({.item = item, .buyer = buyer}, found.counted());
    ASSERT_TRUE(drain(line));
    EXPECT_EQ(found.counts, (std::map<std::string, int>{{"purchased", many - 100}, {"sold_out", 100}}));
    EXPECT_EQ(shop.stock_of(item), "0");
}

TEST(Pipeline, LetsAHandlerSubmitMore) {
    shop_for_tests shop;
    const auto item = shop.new_item(100);
    const auto buyer = shop.new_wallet(10000);
    vend::pipeline line("");
    int left = 50;
    int sold = 0;
    std::function<void(const vend::outcome *, std::exception_ptr)> again =
        [&](const vend::outcome *sale, const std::exception_ptr & /*failure*/) {
            sold += sale != nullptr && sale->status == status::purchased ? 1 : 0;
            if (--left <= 0) return;
            line.try_purchase({.item = item, .buyer = buyer}, again);
        };
    line.try_purchase({.item = item, .buyer = buyer}, again);
    ASSERT_TRUE(drain(line));
    EXPECT_EQ(sold, 50);
    EXPECT_EQ(shop.stock_of(item), "50");
}

TEST(Pipeline, SaysThatItIsFull) {
    vend::options options;
    options.waiters_max = 2;
    shop_for_tests shop;
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    vend::pipeline line("", options);
    auto first = line.try_purchase({.item = item, .buyer = buyer});
    auto second = line.try_purchase({.item = item, .buyer = buyer});
    EXPECT_EQ(sqlstate_of([&] { (void)line.try_purchase({.item = item, .buyer = buyer}); }), "53300");
    ASSERT_TRUE(drain(line));
    auto third = line.try_purchase({.item = item, .buyer = buyer});
    ASSERT_TRUE(drain(line));
    EXPECT_TRUE(first.get() && second.get() && third.get());
}

// A sale that the commit turns into an error has not taken place: the answer waits for the commit.
TEST(Pipeline, AnswersAfterTheCommit) {
    shop_for_tests shop;
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    const deferred_refusal refusal(shop, item);
    vend::pipeline line("");
    auto sale = line.try_purchase({.item = item, .buyer = buyer});
    ASSERT_TRUE(drain(line));
    EXPECT_EQ(sqlstate_of([&] { (void)sale.get(); }), "P0001");
    EXPECT_EQ(sqlstate_of([&] { (void)shop.client.try_purchase({.item = item, .buyer = buyer}); }),
              "P0001");
    EXPECT_EQ(shop.stock_of(item), "5");
}

TEST(Pipeline, KeepsTheDeadlineWhereNobodyAnswers) {
    vend::options options;
    options.call_ms_max = 300;
    const silent_server silent;
    for (const auto &where : {std::string("host=/tmp/no_such_directory"), silent.conninfo()}) {
        vend::pipeline line(where, options);
        auto sale = line.try_purchase({.item = "x", .buyer = "y"});
        const auto start = std::chrono::steady_clock::now();
        ASSERT_TRUE(drain(line));
        const auto time = std::chrono::steady_clock::now() - start;
        EXPECT_GT(time, 250ms);
        EXPECT_LT(time, 450ms);
        try {
            (void)sale.get();
            ADD_FAILURE();
        } catch (const vend::error &failure) {
            EXPECT_EQ(failure.sqlstate(), "57014");
            EXPECT_FALSE(failure.is_in_doubt()) << "nothing was sent";
        }
    }
}

TEST(Pipeline, KeepsTheDeadlineOfACallThatWaits) {
    shop_for_tests shop;
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    const auto other = shop.new_wallet(100);
    vend::options options;
    options.call_ms_max = 400;
    options.lock_ms_max = 0;
    vend::pipeline line("", options);
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        auto stuck = line.try_purchase({.item = item, .buyer = buyer});
        auto behind = line.try_purchase({.item = item, .buyer = other});
        ASSERT_TRUE(drain(line, 2s));
        EXPECT_EQ(sqlstate_of([&] { (void)stuck.get(); }), "57014");
        EXPECT_EQ(sqlstate_of([&] { (void)behind.get(); }), "57014");
    });
    // What was sent takes place in its own time, and the line goes on.
    auto later = line.try_purchase({.item = item, .buyer = other});
    ASSERT_TRUE(drain(line, 5s));
    EXPECT_TRUE(later.get());
}

// One who waits for a row makes room for the others, and is served when the row is free.
TEST(Pipeline, GoesOnBesideOneThatWaits) {
    constexpr int many = 100;
    shop_for_tests shop;
    const auto item = shop.new_item(many + 1);
    const auto buyer = shop.new_wallet(100);
    const auto other = shop.new_wallet(10 * many);
    vend::pipeline line("");
    std::future<vend::outcome> stuck;
    tally found;
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        stuck = line.try_purchase({.item = item, .buyer = buyer});
        for (int i = 0; i < many; ++i)
            line.try_purchase({.item = item, .buyer = other}, found.counted());
        ASSERT_TRUE(loop(
            line, [&] { return line.pending() == 1; }, 20s));
        EXPECT_EQ(found.counts, (std::map<std::string, int>{{"purchased", many}}));
    });
    ASSERT_TRUE(drain(line));
    EXPECT_EQ(stuck.get().status, status::purchased);
    EXPECT_EQ(shop.stock_of(item), "0");
}

// A thousand that wait for one row hold up the others no longer than those that were on their way.
TEST(Pipeline, GoesOnBesideManyThatWait) {
    constexpr int many = 1000;
    shop_for_tests shop;
    const auto item = shop.new_item(many, 1);
    const auto buyer = shop.new_wallet(many);
    const auto free_item = shop.new_item(10);
    const auto free_buyer = shop.new_wallet(100);
    vend::options options;
    options.lock_ms_max = 50;
    options.call_ms_max = 300000;
    vend::pipeline line("", options);
    tally found;
    tally free;
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.item WHERE id = $1 FOR UPDATE", {item});
        for (int i = 0; i < many; ++i) {
            line.try_purchase({.item = item, .buyer = buyer}, found.counted());
            if (i % 100 == 0)
                line.try_purchase({.item = free_item, .buyer = free_buyer}, free.counted());
        }
        // All of them would take 50 s.
        ASSERT_TRUE(loop(
            line, [&] { return line.pending() == many; }, 20s));
        EXPECT_EQ(free.counts, (std::map<std::string, int>{{"purchased", 10}}));
    });
    ASSERT_TRUE(drain(line));
    EXPECT_EQ(found.counts, (std::map<std::string, int>{{"purchased", many}}));
    EXPECT_EQ(shop.stock_of(item), "0");
}

TEST(Pipeline, EndsInTimeWhereARowStaysLocked) {
    shop_for_tests shop;
    const auto item = shop.new_item(1000);
    const auto buyer = shop.new_wallet(10000);
    vend::options options;
    options.call_ms_max = 400;
    vend::pipeline line("", options);
    tally found;
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        for (int i = 0; i < 50; ++i) line.try_purchase({.item = item, .buyer = buyer}, found.counted());
        ASSERT_TRUE(drain(line, 10s));
    });
    EXPECT_EQ(found.counts, (std::map<std::string, int>{{"57014", 50}}));
    // The pipeline goes on. On a busy machine one call may take longer than its time.
    tally later;
    for (int i = 0; i < 100 && later.counts["purchased"] == 0; ++i) {
        line.try_purchase({.item = item, .buyer = buyer}, later.counted());
        ASSERT_TRUE(drain(line));
    }
    EXPECT_EQ(later.counts["purchased"], 1);
}

// The caller's loop was away while the server's answer came and the call's time ended.
TEST(Pipeline, EndsALockWaitWhoseAnswerCameTooLate) {
    shop_for_tests shop;
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    vend::options options;
    options.call_ms_max = 5000;
    vend::pipeline line("", options);
    tally found;
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        line.try_purchase({.item = item, .buyer = buyer}, found.counted());
        const auto waits = [&] {
            return tx.exec("SELECT FROM pg_locks WHERE NOT granted").size() > 0;
        };
        ASSERT_TRUE(loop(line, waits, 60s));
        std::this_thread::sleep_for(5100ms);
        ASSERT_TRUE(drain(line));
    });
    EXPECT_EQ(found.counts, (std::map<std::string, int>{{"57014", 1}}));
}

// A lock_timeout of the session's own that is shorter stays, and is its own again after each purchase.
TEST(Pipeline, LeavesAShorterLockTimeout) {
    shop_for_tests shop;
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    const auto noted = new_key("noted_");
    shop.exec("CREATE TABLE public." + noted + " (timeout text)");
    shop.exec("CREATE FUNCTION public." + noted +
              "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public." + noted +
              " VALUES (current_setting('lock_timeout')); RETURN NULL; END $$");
    shop.exec("CREATE TRIGGER " + noted +
              " AFTER INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.item = '" + item +
              "') EXECUTE FUNCTION public." + noted + "()");
    for (const char *own : {"0", "70", "1s", "2147483647", "100"}) {
        vend::pipeline line(std::string("options='-c lock_timeout=") + own + "'");
        auto sale = line.try_purchase({.item = item, .buyer = buyer});
        ASSERT_TRUE(drain(line));
        EXPECT_TRUE(sale.get());
    }
    EXPECT_EQ(shop.exec("SELECT string_agg(timeout, ' ' ORDER BY ctid) FROM public." + noted),
              "100ms 70ms 100ms 100ms 100ms");
    shop.exec("DROP FUNCTION public." + noted + " CASCADE");
    shop.exec("DROP TABLE public." + noted);
}

TEST(Pipeline, OutlivesItsSession) {
    constexpr int many = 2000;
    shop_for_tests shop;
    const auto item = shop.new_item(many, 1);
    const auto buyer = shop.new_wallet(many);
    const auto name = new_key("pipeline");
    vend::pipeline line("application_name=" + name);
    tally found;
    for (int i = 0; i < many; ++i) line.try_purchase({.item = item, .buyer = buyer}, found.counted());
    for (const int left : {1900, 1000, 100}) {
        ASSERT_TRUE(loop(line, [&] { return line.pending() <= static_cast<std::size_t>(left); }));
        shop.exec(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1",
            {name});
    }
    ASSERT_TRUE(drain(line));
    EXPECT_EQ(found.counts["purchased"] + found.counts["replayed"], many);
    EXPECT_EQ(shop.stock_of(item), "0");
    EXPECT_TRUE(shop.client.audit().empty());
}

TEST(Pipeline, LeavesNoDoubtBehindARefusal) {
    shop_for_tests shop;
    const auto item = shop.new_item(0);
    const auto buyer = shop.new_wallet(100);
    const auto name = new_key("pipeline");
    const auto id = vend::uuid::make_v7();
    proxy between;
    vend::options options = quick();
    options.attempt_ms_max = 150;
    vend::pipeline line(between.conninfo() + " application_name=" + name, options);
    (void)line.try_purchase({.item = item, .buyer = buyer});
    ASSERT_TRUE(drain(line));
    between.hold_next();
    auto sale = line.try_purchase({.item = item, .buyer = buyer, .id = id});
    ASSERT_TRUE(drain(line));
    EXPECT_EQ(sale.get().status, status::sold_out);
    EXPECT_TRUE(between.is_held());
    shop.client.restock({.item = item, .qty = 5});
    let_arrive(between, shop, name);
    EXPECT_EQ(kinds_under(shop, id), "refusal");
}

TEST(Pipeline, SellsOnceWhereverItIsCut) {
    constexpr int rounds = 12;
    constexpr int batch = 20;
    shop_for_tests shop;
    const auto item = shop.new_item(rounds * batch, 1);
    const auto buyer = shop.new_wallet(rounds * batch);
    mischief plans(seed());
    proxy between;
    between.spoil_all([&] { return plans.next(); });
    auto options = quick();
    options.attempt_ms_max = 250;
    vend::pipeline line(between.conninfo(), options);
    std::vector<vend::uuid> ids;
    tally found;
    for (int round = 0; round < rounds; ++round) {
        for (int i = 0; i < batch; ++i) {
            ids.push_back(vend::uuid::make_v7());
            line.try_purchase(
                {.item = item, .buyer = buyer, .id = ids.back()},
                [&, id = ids.back()](const vend::outcome *sale, const std::exception_ptr &failure) {
                    if (sale != nullptr) {
                        EXPECT_EQ(sale->id, id);
                    }
                    found.counted()(sale, failure);
                });
        }
        ASSERT_TRUE(drain(line));
    }
    EXPECT_EQ(found.counts["purchased"] + found.counts["replayed"], rounds * batch);
    for (const auto &[what, count] : found.counts) std::cout << what << ' ' << count << '\n';
    std::cout << plans.plans << " connections\n";
    for (const auto &id : ids) EXPECT_EQ(shop.sales_under(id), "1");
    EXPECT_EQ(shop.stock_of(item), "0");
    EXPECT_TRUE(shop.client.audit().empty());
}

} // namespace
