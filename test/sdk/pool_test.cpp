// Connections that threads share, and hosts that do not answer.
#include "faults.hpp"

#include <algorithm>
#include <future>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

vend::options connections(int connections_max) {
    vend::options options = patient();
    options.connections_max = connections_max;
    return options;
}

vend::options connections(int connections_max, int call_ms_max) {
    vend::options options = connections(connections_max);
    options.call_ms_max = call_ms_max;
    return options;
}

std::string server_directory() {
    return std::getenv("PGHOST");
}

// The thread that is inside a transaction cannot call the client; another one can.
template <typename Call> auto in_another_thread(Call call) {
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
    vend::client client{"", connections(1)};
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
            ASSERT_TRUE(eventually([&] { return client.pool()->used().waiting == i + 1; }));
        }
    });
    for (auto &thread : threads) thread.join();
    ASSERT_EQ(served.size(), std::size_t{waiters});
    EXPECT_TRUE(std::ranges::is_sorted(served));
    EXPECT_EQ(client.pool()->used().idle, 1);
}

TEST(Pool, RefusesAWaiterTooManyAtOnce) {
    auto options = connections(1);
    options.waiters_max = 3;
    vend::client client{"", options};
    std::vector<std::thread> threads;
    client.transaction([&](vend::transaction & /*tx*/) {
        for (int i = 1; i <= 3; ++i) {
            threads.emplace_back([&] { EXPECT_EQ(client.settle(), 0); });
            ASSERT_TRUE(eventually([&] { return client.pool()->used().waiting == i; }));
        }
        EXPECT_EQ(in_another_thread([&] { return sqlstate_of([&] { (void)client.settle(); }); }),
                  "53300");
        EXPECT_EQ(client.pool()->used().waiting, 3) << "the others still wait";
    });
    for (auto &thread : threads) thread.join();
}

TEST(Pool, RefusesWaitersWhenTheirTimeIsOver) {
    EXPECT_TRUE(with_growing_limits([](int factor) {
        const int limit_ms = 300 * factor;
        vend::client client{"", connections(1, limit_ms)};
        bool is_inside = false;
        const auto wait_inside = [&](vend::transaction & /*tx*/) {
            is_inside = true;
            std::vector<std::thread> threads;
            for (int i = 0; i < 3; ++i)
                threads.emplace_back([&] {
                    const auto time = time_of(
                        [&] { EXPECT_EQ(sqlstate_of([&] { (void)client.available("x"); }), "53300"); });
                    EXPECT_GE(time, (limit_ms - 10) * 1ms);
                });
            for (auto &thread : threads) thread.join();
            EXPECT_EQ(client.pool()->used().waiting, 0);
        };
        EXPECT_NE(sqlstate_of([&] { client.transaction(wait_inside); }), "none")
            << "the transaction's own time is over too";
        return is_inside;
    }));
}

TEST(Pool, StopsAWaiterThatIsToldTo) {
    vend::client client{"", connections(1)};
    std::stop_source stop;
    auto stoppable = client.stopped_by(stop.get_token());
    client.transaction([&](vend::transaction & /*tx*/) {
        std::thread waiter(
            [&] { EXPECT_EQ(sqlstate_of([&] { (void)stoppable.available("x"); }), "57014"); });
        EXPECT_TRUE(eventually([&] { return client.pool()->used().waiting == 1; }));
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
    vend::client client{"", connections(4)};
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
    auto options = connections(4);
    options.on_attempt = [&](const vend::attempt_event & /*event*/) { ++attempts; };
    const auto name = new_key("idle");
    vend::client client{"application_name=" + name, options};
    std::vector<std::thread> threads;
    std::atomic<int> together{0};
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            client.transaction([&](vend::transaction & /*tx*/) {
                ++together;
                EXPECT_TRUE(eventually([&] { return together == 4; }));
            });
        });
    for (auto &thread : threads) thread.join();
    ASSERT_EQ(client.pool()->used().idle, 4);
    const auto sessions = "FROM pg_stat_activity WHERE application_name = '" + name + "'";
    other.exec("SELECT count(pg_terminate_backend(pid)) " + sessions);
    ASSERT_TRUE(eventually([&] { return other.exec("SELECT count(*) " + sessions) == "0"; }));
    attempts = 0;
    EXPECT_EQ(client.settle(), 0);
    EXPECT_EQ(attempts, 1) << "the caller's attempt met a session that had ended";
    EXPECT_EQ(client.pool()->used().idle, 1);
}

TEST(Pool, ClosesWhatWasIdleForLong) {
    auto options = connections(1);
    options.idle_ms_max = 1;
    vend::client client{"", options};
    const auto first = backend(client);
    std::this_thread::sleep_for(20ms);
    EXPECT_NE(backend(client), first);
}

// The pool gives the connection that was used last, so that the others are idle until they are closed.
TEST(Pool, ShrinksToWhatIsUsed) {
    auto options = connections(2);
    options.idle_ms_max = 200;
    vend::client client{"", options};
    client.transaction(
        [&](vend::transaction & /*tx*/) { (void)in_another_thread([&] { return backend(client); }); });
    EXPECT_EQ(client.pool()->used().idle, 2);
    EXPECT_TRUE(eventually([&] {
        (void)backend(client);
        return client.pool()->used().idle == 1;
    }));
}

TEST(Pool, DoesNotReuseATransaction) {
    vend::client client{"", connections(1)};
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

// The cancel request of a statement may arrive late. It must not meet the next statement.
TEST(Pool, DoesNotReuseWhatWasCancelled) {
    shop_for_tests shop("", patient());
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    const auto name = new_key("cancelled");
    vend::client client{"application_name=" + name, connections(1)};
    std::stop_source stop;
    auto stoppable = client.stopped_by(stop.get_token());
    const auto first = backend(client);
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        std::thread stopper([&] {
            shop_for_tests other;
            await_blocked(other, name);
            stop.request_stop();
        });
        EXPECT_EQ(sqlstate_of([&] { (void)stoppable.try_purchase({.item = item, .buyer = buyer}); }),
                  "57014");
        stopper.join();
    });
    EXPECT_NE(backend(client), first);
}

// Nor does the pool hand it to a thread that waits.
TEST(Pool, DoesNotHandOnWhatWasCancelled) {
    shop_for_tests shop("", patient());
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    vend::client client{"", connections(1)};
    std::stop_source stop;
    auto stoppable = client.stopped_by(stop.get_token());
    const auto first = backend(client);
    auto second = first;
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        std::thread next([&] {
            EXPECT_TRUE(eventually([&] { return client.pool()->used().busy == 1; }));
            EXPECT_NO_THROW(second = backend(client));
        });
        std::thread stopper([&] {
            EXPECT_TRUE(eventually([&] { return client.pool()->used().waiting == 1; }));
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
    vend::client client{"host=/tmp/no_such_directory", connections(2, 200)};
    for (int i = 0; i < 3; ++i) {
        const auto time =
            time_of([&] { EXPECT_EQ(sqlstate_of([&] { (void)client.available("x"); }), "08001"); });
        EXPECT_GE(time, 190ms);
        EXPECT_LE(time, long_time);
        expect_empty(client);
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 20; ++i)
        threads.emplace_back(
            [&] { EXPECT_NE(sqlstate_of([&] { (void)client.available("x"); }), "none"); });
    for (auto &thread : threads) thread.join();
    expect_empty(client);
}

// A call that no repetition can help fails at its first attempt, with the server's SQLSTATE.
TEST(Pool, SaysWhyItCannotConnect) {
    vend::client nowhere{"dbname=no_such_database", patient()};
    vend::client nobody{"user=no_such_user", patient()};
    EXPECT_EQ(sqlstate_of([&] { (void)nobody.available("x"); }), "28000");
    try {
        (void)nowhere.available("x");
        ADD_FAILURE();
    } catch (const vend::error &failure) {
        EXPECT_EQ(failure.sqlstate(), "3D000");
        EXPECT_EQ(failure.attempts(), 1);
        EXPECT_NE(failure.diagnostics().message.find("database \"no_such_database\" does not exist"),
                  std::string::npos);
        EXPECT_EQ(failure.diagnostics().message.find("3D000"), std::string::npos);
        EXPECT_EQ(failure.diagnostics().message.find("LOCATION"), std::string::npos);
        EXPECT_FALSE(failure.is_in_doubt());
    }
    EXPECT_EQ(sqlstate_of([] { vend::client broken{"no such=thing"}; }), "08001");
}

// A server that is full has room again later.
TEST(Pool, WaitsForAServerThatIsFull) {
    shop_for_tests shop;
    const auto user = new_key("limited");
    shop.exec("CREATE ROLE " + user + " LOGIN CONNECTION LIMIT 1");
    const auto conninfo = "user=" + user;
    std::atomic<int> refused{0};
    auto options = connections(1);
    options.on_attempt = [&](const vend::attempt_event &event) { refused += event.outcome == "53300"; };
    vend::client first{conninfo, connections(1)};
    vend::client second{conninfo, options};
    std::thread waiter;
    first.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT 1");
        waiter = std::thread([&] { EXPECT_NE(backend(second), ""); });
        EXPECT_TRUE(eventually([&] { return refused > 0; }));
    });
    first = vend::client{conninfo, connections(1)}; // closes its session
    waiter.join();
    second = vend::client{conninfo, connections(1)};
    ASSERT_TRUE(eventually([&] {
        return shop.exec("SELECT count(*) FROM pg_stat_activity WHERE usename = $1", {user}) == "0";
    }));
    shop.exec("DROP ROLE " + user);
}

TEST(Hosts, KeepTheDeadlineWhereOneIsSilent) {
    const silent_server silent;
    auto options = connections(2, 300);
    options.connect_ms_max = 100000;
    vend::client client{silent.conninfo(), options};
    const auto time =
        time_of([&] { EXPECT_EQ(sqlstate_of([&] { (void)client.available("x"); }), "08001"); });
    EXPECT_GE(time, 290ms);
    EXPECT_LE(time, long_time);
    expect_empty(client);
    options = patient();
    options.connect_ms_max = 100000;
    std::stop_source stop;
    auto stoppable = vend::client{silent.conninfo(), options}.stopped_by(stop.get_token());
    std::thread stopper([&] {
        EXPECT_TRUE(eventually([&] { return stoppable.pool()->used().busy == 1; }));
        stop.request_stop();
    });
    EXPECT_LE(time_of([&] { EXPECT_EQ(sqlstate_of([&] { (void)stoppable.available("x"); }), "57014"); }),
              long_time);
    stopper.join();
}

TEST(Hosts, GoOnToTheNext) {
    const silent_server silent;
    auto options = connections(1);
    options.connect_ms_max = 500;
    for (const auto &first : {silent.directory(), std::string("/tmp/no_such_directory")}) {
        const auto hosts = first + ',' + server_directory();
        vend::client keywords{"host=" + hosts, options};
        EXPECT_LE(time_of([&] { EXPECT_NE(backend(keywords), ""); }), long_time) << hosts;
        vend::client wanted{"port=5432,5432 target_session_attrs=read-write host=" + hosts, options};
        EXPECT_NE(backend(wanted), "") << hosts;
    }
    const auto twice = server_directory() + ',' + server_directory();
    vend::client standby{"target_session_attrs=standby host=" + twice, connections(1, 200)};
    EXPECT_EQ(sqlstate_of([&] { (void)backend(standby); }), "08001");
    vend::client preferred{"target_session_attrs=prefer-standby host=" + twice, connections(1)};
    EXPECT_NE(backend(preferred), "");
}

// The server never gets the call, and the cancel request meets silence.
TEST(Hosts, KeepTheDeadlineOfACallThatIsNotAnswered) {
    const auto id = vend::uuid::make_v7();
    EXPECT_TRUE(with_growing_limits([&](int factor) {
        proxy between;
        std::atomic<int> connections_made{0};
        between.damage_all([&] {
            const auto what = ++connections_made == 1 ? damage::none : damage::silence;
            return proxy::plan{what, direction::to_server, 0, 2 * long_time};
        });
        between.keep_back_next("vend.");
        auto options = connections(1, 300 * factor);
        options.cancel_ms_max = 100;
        options.prepare = vend::prepare::never;
        vend::client client{between.conninfo(), options};
        const auto time = time_of([&] {
            try {
                (void)client.try_purchase({.item = "x", .buyer = "y", .id = id});
                ADD_FAILURE();
            } catch (const vend::error &failure) {
                if (!between.is_keeping_back()) return;
                EXPECT_EQ(failure.sqlstate(), "57014");
                EXPECT_TRUE(failure.is_in_doubt());
                EXPECT_EQ(failure.id(), id);
            }
        });
        EXPECT_LE(time, long_time);
        EXPECT_EQ(client.pool()->used().busy, 0);
        EXPECT_EQ(client.pool()->used().idle, 0);
        if (!between.is_keeping_back()) return false;
        EXPECT_GE(time, (300 * factor + 90) * 1ms);
        return true;
    }));
}

} // namespace
