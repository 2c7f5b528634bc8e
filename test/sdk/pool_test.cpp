// Connections that threads share, and hosts that do not answer.
#include "faults.hpp"

#include <algorithm>
#include <future>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

vend::options places(int connections_max, int call_ms_max = 30000) {
    vend::options options;
    options.connections_max = connections_max;
    options.call_ms_max = call_ms_max;
    return options;
}

template <typename Condition> bool becomes(Condition condition) {
    for (int i = 0; i < 5000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(1ms);
    }
    return false;
}

template <typename Call> std::chrono::milliseconds time_of(Call call) {
    const auto start = std::chrono::steady_clock::now();
    call();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 start);
}

std::string here() {
    return std::getenv("PGHOST");
}

// From another thread: inside a transaction, the client can be called by nobody else.
template <typename Call> auto elsewhere(Call call) {
    return std::async(std::launch::async, call).get();
}

std::string backend(vend::client &client) {
    return client.transaction(
        [](vend::transaction &tx) { return text_of(tx.exec("SELECT pg_backend_pid()")); });
}

void expect_empty(const vend::client &client) {
    const auto used = client.pool()->used();
    EXPECT_EQ(used.busy, 0);
    EXPECT_EQ(used.idle, 0);
    EXPECT_EQ(used.waiting, 0);
}

TEST(Pool, ServesInTheOrderOfArrival) {
    constexpr int waiters = 20;
    vend::client client{"", places(1)};
    std::mutex mutex;
    std::vector<int> served;
    std::vector<std::thread> threads;
    client.transaction([&](vend::transaction & /*tx*/) {
        for (int i = 0; i < waiters; ++i) {
            threads.emplace_back([&, i] {
                client.transaction([&](vend::transaction & /*tx*/) {
                    const std::lock_guard lock(mutex);
                    served.push_back(i);
                });
            });
            ASSERT_TRUE(becomes([&] { return client.pool()->used().waiting == i + 1; }));
        }
    });
    for (auto &thread : threads) thread.join();
    ASSERT_EQ(served.size(), std::size_t{waiters});
    EXPECT_TRUE(std::ranges::is_sorted(served));
    EXPECT_EQ(client.pool()->used().idle, 1);
}

TEST(Pool, SaysNoToOneMoreAtOnceAndToOthersInTime) {
    auto options = places(1, 300);
    options.waiters_max = 3;
    auto pool = std::make_shared<vend::pool>("", options);
    vend::client client{pool};
    std::mutex mutex;
    std::vector<int> over;
    std::vector<std::thread> threads;
    const auto hold = [&](vend::transaction & /*tx*/) {
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&, i] {
                std::string state;
                const auto time =
                    time_of([&] { state = sqlstate_of([&] { (void)client.available("x"); }); });
                EXPECT_EQ(state, "53300");
                EXPECT_GE(time, 290ms);
                EXPECT_LE(time, 400ms);
                const std::lock_guard lock(mutex);
                over.push_back(i);
            });
            ASSERT_TRUE(becomes([&] { return pool->used().waiting == i + 1; }));
            std::this_thread::sleep_for(10ms);
        }
        const auto time = time_of([&] {
            EXPECT_EQ(elsewhere([&] { return sqlstate_of([&] { (void)client.available("x"); }); }),
                      "53300");
        });
        EXPECT_LE(time, 50ms);
        for (auto &thread : threads) thread.join();
        EXPECT_TRUE(std::ranges::is_sorted(over));
        EXPECT_EQ(pool->used().waiting, 0);
    };
    EXPECT_EQ(sqlstate_of([&] { client.transaction(hold); }), "57014") << "its own time is over too";
}

TEST(Pool, StopsAWaiterThatIsToldTo) {
    vend::client client{"", places(1)};
    std::stop_source stop;
    auto stoppable = client.stopped_by(stop.get_token());
    client.transaction([&](vend::transaction & /*tx*/) {
        std::thread waiter(
            [&] { EXPECT_EQ(sqlstate_of([&] { (void)stoppable.available("x"); }), "57014"); });
        EXPECT_TRUE(becomes([&] { return client.pool()->used().waiting == 1; }));
        stop.request_stop();
        waiter.join();
        EXPECT_EQ(client.pool()->used().waiting, 0);
    });
}

TEST(Pool, AnswersAThousandThreadsOnFourConnections) {
    constexpr int many = 1200;
    shop_for_tests shop;
    const auto item = shop.new_item(many, 1);
    const auto buyer = shop.new_wallet(many);
    vend::client client{"", places(4)};
    std::atomic<int> sold{0};
    std::atomic<int> connections_max{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < many; ++i)
        threads.emplace_back([&] {
            sold += client.try_purchase({.item = item, .buyer = buyer}) ? 1 : 0;
            const auto used = client.pool()->used();
            if (used.busy + used.idle > connections_max) connections_max = used.busy + used.idle;
        });
    for (auto &thread : threads) thread.join();
    EXPECT_EQ(sold, many);
    EXPECT_LE(connections_max, 4);
    EXPECT_EQ(shop.stock_of(item), "0");
    EXPECT_EQ(client.pool()->used().busy, 0);
    EXPECT_EQ(client.pool()->used().waiting, 0);
}

TEST(Pool, ReplacesWhatBrokeWhileItWasIdle) {
    shop_for_tests other;
    std::atomic<int> attempts{0};
    auto options = places(4);
    options.on_attempt = [&](const vend::attempt_event & /*event*/) { ++attempts; };
    const auto name = new_key("idle");
    vend::client client{"application_name=" + name, options};
    std::vector<std::thread> threads;
    std::atomic<int> together{0};
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            client.transaction([&](vend::transaction & /*tx*/) {
                ++together;
                EXPECT_TRUE(becomes([&] { return together == 4; }));
            });
        });
    for (auto &thread : threads) thread.join();
    ASSERT_EQ(client.pool()->used().idle, 4);
    const auto sessions = "FROM pg_stat_activity WHERE application_name = '" + name + "'";
    other.exec("SELECT count(pg_terminate_backend(pid)) " + sessions);
    ASSERT_TRUE(becomes([&] { return other.exec("SELECT count(*) " + sessions) == "0"; }));
    attempts = 0;
    EXPECT_EQ(client.settle(), 0);
    EXPECT_EQ(attempts, 1) << "the caller's attempt met a session that had ended";
    EXPECT_EQ(client.pool()->used().idle, 1);
}

TEST(Pool, ClosesWhatWasIdleForLong) {
    auto options = places(3);
    options.idle_ms_max = 100;
    vend::client client{"", options};
    const auto first = backend(client);
    EXPECT_EQ(backend(client), first);
    std::this_thread::sleep_for(150ms);
    const auto second = backend(client);
    EXPECT_NE(second, first);
    // The younger one is used, and the older one goes.
    client.transaction(
        [&](vend::transaction & /*tx*/) { (void)elsewhere([&] { return backend(client); }); });
    EXPECT_EQ(client.pool()->used().idle, 2);
    for (int i = 0; i < 8; ++i) {
        std::this_thread::sleep_for(20ms);
        (void)backend(client);
    }
    EXPECT_EQ(client.pool()->used().idle, 1);
}

TEST(Pool, DoesNotReuseATransaction) {
    vend::client client{"", places(1)};
    const auto first = backend(client);
    EXPECT_THROW(client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT 1");
        throw std::runtime_error("no");
    }),
                 std::runtime_error);
    EXPECT_EQ(backend(client), first) << "it was rolled back";
    EXPECT_EQ(sqlstate_of([&] {
                  client.transaction(
                      [&](vend::transaction &tx) { (void)tx.exec("COPY (SELECT 1) TO STDOUT"); });
              }),
              "0A000");
    EXPECT_NE(backend(client), first);
}

// A statement that was cancelled: the cancel request, which may come late, must not meet another one.
TEST(Pool, DoesNotReuseWhatWasCancelled) {
    shop_for_tests shop;
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    vend::client client{"", places(1, 200)};
    const auto first = backend(client);
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        EXPECT_EQ(sqlstate_of([&] { (void)client.try_purchase({.item = item, .buyer = buyer}); }),
                  "57014");
    });
    EXPECT_NE(backend(client), first);
}

// Nor is it handed to whoever waits for it.
TEST(Pool, DoesNotHandOnWhatWasCancelled) {
    shop_for_tests shop;
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    vend::client client{"", places(1)};
    std::stop_source stop;
    auto stoppable = client.stopped_by(stop.get_token());
    const auto first = backend(client);
    auto second = first;
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        std::thread next([&] {
            while (client.pool()->used().busy == 0) std::this_thread::yield();
            EXPECT_NO_THROW(second = backend(client));
        });
        std::thread stopper([&] {
            while (client.pool()->used().waiting == 0) std::this_thread::yield();
            stop.request_stop();
        });
        EXPECT_EQ(sqlstate_of([&] { (void)stoppable.try_purchase({.item = item, .buyer = buyer}); }),
                  "57014");
        next.join();
        stopper.join();
    });
    EXPECT_NE(second, first);
}

TEST(Pool, GivesThePlaceBackWhereItCannotConnect) {
    vend::client client{"host=/tmp/no_such_directory", places(2, 200)};
    for (int i = 0; i < 3; ++i) {
        const auto time =
            time_of([&] { EXPECT_EQ(sqlstate_of([&] { (void)client.available("x"); }), "08001"); });
        EXPECT_GE(time, 190ms);
        EXPECT_LE(time, 300ms);
        expect_empty(client);
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 20; ++i)
        threads.emplace_back(
            [&] { EXPECT_NE(sqlstate_of([&] { (void)client.available("x"); }), "none"); });
    for (auto &thread : threads) thread.join();
    expect_empty(client);
}

// What no repetition can cure is told at once, with its SQLSTATE.
TEST(Pool, SaysWhyItCannotConnect) {
    vend::client nowhere{"dbname=no_such_database"};
    vend::client nobody{"user=no_such_user"};
    const auto time = time_of([&] {
        EXPECT_EQ(sqlstate_of([&] { (void)nowhere.available("x"); }), "3D000");
        EXPECT_EQ(sqlstate_of([&] { (void)nobody.available("x"); }), "28000");
    });
    EXPECT_LE(time, 500ms);
    try {
        (void)nowhere.available("x");
        ADD_FAILURE();
    } catch (const vend::error &failure) {
        EXPECT_NE(failure.diagnostics().message.find("database \"no_such_database\" does not exist"),
                  std::string::npos);
        EXPECT_EQ(failure.diagnostics().message.find("3D000"), std::string::npos);
        EXPECT_EQ(failure.diagnostics().message.find("LOCATION"), std::string::npos);
        EXPECT_FALSE(failure.is_in_doubt());
    }
    EXPECT_EQ(sqlstate_of([] { vend::client broken{"no such=thing"}; }), "08001");
}

// A server that is full has room again in a while.
TEST(Pool, WaitsForAServerThatIsFull) {
    shop_for_tests shop;
    const auto user = new_key("limited");
    shop.exec("CREATE ROLE " + user + " LOGIN CONNECTION LIMIT 1");
    const auto conninfo = "user=" + user;
    vend::client first{conninfo, places(1)};
    vend::client second{conninfo, places(1, 5000)};
    std::thread waiter;
    first.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT 1");
        waiter = std::thread([&] { EXPECT_NE(backend(second), ""); });
        std::this_thread::sleep_for(100ms);
    });
    first = vend::client{conninfo, places(1)}; // gives its session back
    waiter.join();
    second = vend::client{conninfo, places(1)};
    ASSERT_TRUE(becomes([&] {
        return shop.exec("SELECT count(*) FROM pg_stat_activity WHERE usename = $1", {user}) == "0";
    }));
    shop.exec("DROP ROLE " + user);
}

TEST(Hosts, KeepTheDeadlineWhereOneIsSilent) {
    const silent_server silent;
    auto options = places(2, 300);
    vend::client client{silent.conninfo(), options};
    const auto time =
        time_of([&] { EXPECT_EQ(sqlstate_of([&] { (void)client.available("x"); }), "08001"); });
    EXPECT_GE(time, 290ms);
    EXPECT_LE(time, 400ms);
    expect_empty(client);
    std::stop_source stop;
    auto stoppable = vend::client{silent.conninfo()}.stopped_by(stop.get_token());
    std::thread stopper([&] {
        std::this_thread::sleep_for(50ms);
        stop.request_stop();
    });
    EXPECT_LE(time_of([&] { EXPECT_EQ(sqlstate_of([&] { (void)stoppable.available("x"); }), "57014"); }),
              150ms);
    stopper.join();
}

TEST(Hosts, GoOnToTheNext) {
    shop_for_tests shop;
    const silent_server silent;
    auto options = places(1, 5000);
    options.connect_ms_max = 200;
    for (const auto &first : {silent.directory(), std::string("/tmp/no_such_directory")}) {
        const auto hosts = first + ',' + here();
        vend::client keywords{"host=" + hosts, options};
        EXPECT_LE(time_of([&] { EXPECT_NE(backend(keywords), ""); }), 400ms) << hosts;
        vend::client wanted{"port=5432,5432 target_session_attrs=read-write host=" + hosts, options};
        EXPECT_NE(backend(wanted), "") << hosts;
    }
    vend::client standby{"target_session_attrs=standby host=" + here() + ',' + here(), places(1, 200)};
    EXPECT_EQ(sqlstate_of([&] { (void)backend(standby); }), "08001");
    vend::client preferred{"target_session_attrs=prefer-standby host=" + here() + ',' + here(),
                           places(1)};
    EXPECT_NE(backend(preferred), "");
}

// A server that falls silent in the middle of a call, and does not answer to a cancel request either.
TEST(Hosts, KeepTheDeadlineOfACallThatIsNotAnswered) {
    shop_for_tests shop;
    const auto item = shop.new_item(100, 1);
    const auto buyer = shop.new_wallet(100);
    proxy between;
    auto options = places(1, 300);
    options.cancel_ms_max = 100;
    vend::client client{between.conninfo(), options};
    (void)client.available(item);
    (void)client.try_purchase({.item = item, .buyer = buyer});
    const std::size_t said = between.passed(direction::to_server);
    vend::client other{between.conninfo(), options};
    between.spoil_next({damage::silence, direction::to_server, said + 10, 2s});
    (void)other.available(item);
    (void)other.try_purchase({.item = item, .buyer = buyer});
    between.spoil_all([] {
        return proxy::plan{damage::silence, direction::to_server, 0, std::chrono::seconds(2)};
    });
    const auto id = vend::uuid::make_v7();
    const auto time = time_of([&] {
        try {
            (void)other.try_purchase({.item = item, .buyer = buyer, .id = id});
            ADD_FAILURE();
        } catch (const vend::error &failure) {
            EXPECT_EQ(failure.sqlstate(), "57014");
            EXPECT_TRUE(failure.is_in_doubt());
            EXPECT_EQ(failure.id(), id);
        }
    });
    EXPECT_GE(time, 390ms);
    EXPECT_LE(time, 600ms);
    EXPECT_EQ(other.pool()->used().busy, 0);
    EXPECT_EQ(other.pool()->used().idle, 0);
}

} // namespace
