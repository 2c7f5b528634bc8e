// Purchases on one connection, in a loop around poll().
#include "event_loop.hpp"
#include "faults.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <vector>

namespace {

using namespace std::chrono_literals;
using vend::status;

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
    vend::pipeline line("", patient());
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
    vend::pipeline line("", patient());
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
    vend::pipeline line("", patient());
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

TEST(Pipeline, RefusesMoreThanItMayKeepWaiting) {
    vend::options options = patient();
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

// A commit that fails undoes the sale, so the answer waits for the commit.
TEST(Pipeline, AnswersAfterTheCommit) {
    shop_for_tests shop;
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    const deferred_refusal refusal(shop, item);
    vend::pipeline line("", patient());
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
    options.connect_ms_max = 100000;
    const silent_server silent;
    for (const auto &where : {std::string("host=/tmp/no_such_directory"), silent.conninfo()}) {
        vend::pipeline line(where, options);
        auto sale = line.try_purchase({.item = "x", .buyer = "y"});
        EXPECT_GT(time_of([&] { ASSERT_TRUE(drain(line)); }), 250ms);
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
    shop_for_tests shop("", patient());
    const auto item = shop.new_item(1000);
    const auto buyer = shop.new_wallet(100);
    const auto other = shop.new_wallet(10000);
    vend::options options;
    options.call_ms_max = 500;
    options.attempt_ms_max = 100000;
    options.lock_ms_max = 0;
    vend::pipeline line("", options);
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        auto stuck = line.try_purchase({.item = item, .buyer = buyer});
        auto behind = line.try_purchase({.item = item, .buyer = other});
        ASSERT_TRUE(drain(line));
        EXPECT_EQ(sqlstate_of([&] { (void)stuck.get(); }), "57014");
        EXPECT_EQ(sqlstate_of([&] { (void)behind.get(); }), "57014");
    });
    // The server goes on with what was sent, and the pipeline with what comes next.
    EXPECT_TRUE(eventually([&] {
        auto later = line.try_purchase({.item = item, .buyer = other});
        EXPECT_TRUE(drain(line));
        return sqlstate_of([&] { (void)later.get(); }) == "none";
    }));
}

// A purchase that waits for a row makes room for the others, and takes place when the row is free.
TEST(Pipeline, GoesOnBesideOneThatWaits) {
    constexpr int many = 100;
    shop_for_tests shop;
    const auto item = shop.new_item(many + 1);
    const auto buyer = shop.new_wallet(100);
    const auto other = shop.new_wallet(10 * many);
    vend::pipeline line("", patient());
    std::future<vend::outcome> stuck;
    tally found;
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        stuck = line.try_purchase({.item = item, .buyer = buyer});
        for (int i = 0; i < many; ++i)
            line.try_purchase({.item = item, .buyer = other}, found.counted());
        ASSERT_TRUE(run_until(line, [&] { return line.pending() == 1; }));
        EXPECT_EQ(found.counts, (std::map<std::string, int>{{"purchased", many}}));
    });
    ASSERT_TRUE(drain(line));
    EXPECT_EQ(stuck.get().status, status::purchased);
    EXPECT_EQ(shop.stock_of(item), "0");
}

// Of 2000 purchases for a locked row, only those that were under way delay the others: 32 of them
// for 1.6 s.
TEST(Pipeline, GoesOnBesideManyThatWait) {
    constexpr int many = 2000;
    shop_for_tests shop;
    const auto item = shop.new_item(many, 1);
    const auto buyer = shop.new_wallet(many);
    const auto free_item = shop.new_item(10);
    const auto free_buyer = shop.new_wallet(100);
    vend::options options = patient();
    options.lock_ms_max = 50;
    vend::pipeline line("", options);
    tally found;
    tally free;
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.item WHERE id = $1 FOR UPDATE", {item});
        for (int i = 0; i < many; ++i) {
            line.try_purchase({.item = item, .buyer = buyer}, found.counted());
            if (i % 200 == 0)
                line.try_purchase({.item = free_item, .buyer = free_buyer}, free.counted());
        }
        ASSERT_TRUE(run_until(line, [&] { return line.pending() == many; }))
            << "if each of them waited, it would take 100 s";
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
        ASSERT_TRUE(drain(line));
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
        const auto waits = [&] { return tx.exec("SELECT FROM pg_locks WHERE NOT granted").size() > 0; };
        ASSERT_TRUE(run_until(line, waits));
        std::this_thread::sleep_for(5100ms);
        ASSERT_TRUE(drain(line));
    });
    EXPECT_EQ(found.counts, (std::map<std::string, int>{{"57014", 1}}));
}

// The pipeline leaves a shorter lock_timeout of the session alone, and lets no limit of its own outlast
// a purchase.
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
        vend::pipeline line(std::string("options='-c lock_timeout=") + own + "'", patient());
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
    vend::pipeline line("application_name=" + name, patient());
    tally found;
    for (int i = 0; i < many; ++i) line.try_purchase({.item = item, .buyer = buyer}, found.counted());
    for (const int left : {1900, 1000, 100}) {
        ASSERT_TRUE(run_until(line, [&] { return line.pending() <= static_cast<std::size_t>(left); }));
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
    vend::pipeline line(between.conninfo() + " application_name=" + name, patient_with_short_attempts());
    (void)line.try_purchase({.item = item, .buyer = buyer});
    ASSERT_TRUE(drain(line));
    between.keep_back_next("vend.");
    auto sale = line.try_purchase({.item = item, .buyer = buyer, .id = id});
    ASSERT_TRUE(drain(line));
    EXPECT_EQ(sale.get().status, status::sold_out);
    EXPECT_TRUE(between.is_keeping_back());
    shop.client.restock({.item = item, .qty = 5});
    let_pass_and_end(between, shop, name);
    EXPECT_EQ(kinds_under(shop, id), "refusal");
}

TEST(Pipeline, SellsOnceWhereverItIsCut) {
    constexpr int rounds = 12;
    constexpr int batch = 20;
    shop_for_tests shop;
    const auto item = shop.new_item(rounds * batch, 1);
    const auto buyer = shop.new_wallet(rounds * batch);
    random_damage plans(seed());
    proxy between;
    between.damage_all([&] { return plans.next(); });
    vend::pipeline line(between.conninfo(), patient_with_short_attempts());
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
