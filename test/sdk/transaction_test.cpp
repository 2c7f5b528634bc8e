// The caller's own transactions: what they leave in the session, what ends them, what can be called
// inside.
#include "faults.hpp"

#include <future>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>
#include <vend/coalescer.hpp>

namespace {

using namespace std::chrono_literals;

vend::options one_connection() {
    vend::options options = patient();
    options.connections_max = 1;
    return options;
}

// Everything that a session may carry from one transaction to the next.
std::string session_of(vend::client &client) {
    return client.transaction([](vend::transaction &tx) {
        return text_of(tx.exec(
            "SELECT concat_ws(' ', current_user, session_user, 'buyer', current_setting('vend.current_buyer', true), "
            "'store', current_setting('vend.default_store', true), 'own', current_setting('my.tenant', true), "
            "'path', current_setting('search_path'), current_setting('transaction_read_only'), "
            "'temp', to_regclass('pg_temp.left_behind'), "
            "'locks', (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), "
            "'prepared', (SELECT count(*) FROM pg_prepared_statements WHERE from_sql), "
            "'listens', (SELECT count(*) FROM pg_listening_channels()), "
            "'cursors', (SELECT count(*) FROM pg_cursors WHERE is_holdable))"));
    });
}

struct session_case {
    const char *name;
    const char *sql;
};

void PrintTo(const session_case &one, std::ostream *out) {
    *out << one.sql;
}

class SessionOf : public testing::TestWithParam<session_case> {
  protected:
    void SetUp() override {
        shop_.exec(
            "DO $$ BEGIN IF to_regrole('sdk_clerk') IS NULL THEN CREATE ROLE sdk_clerk; END IF; END $$");
        item_ = shop_.new_item(10);
        buyer_ = shop_.new_wallet(1000);
        (void)client_.purchase({.item = item_, .buyer = buyer_}); // loads the module, prepares
        before_ = session_of(client_);
        backend_ = backend();
    }

    std::string backend() {
        return client_.transaction(
            [](vend::transaction &tx) { return text_of(tx.exec("SELECT pg_backend_pid()")); });
    }

    std::string prepared_by_us() {
        return client_.transaction([](vend::transaction &tx) {
            return text_of(tx.exec("SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql"));
        });
    }

    shop_for_tests shop_;
    vend::client client_{"", one_connection()};
    std::string item_, buyer_, before_, backend_;
};

TEST_P(SessionOf, IsAsItWas) {
    const auto prepared = prepared_by_us();
    client_.transaction([](vend::transaction &tx) { (void)tx.exec(GetParam().sql); });
    EXPECT_EQ(session_of(client_), before_);
    EXPECT_THROW(client_.transaction([](vend::transaction &tx) {
        (void)tx.exec(GetParam().sql);
        throw std::runtime_error("no");
    }),
                 std::runtime_error);
    EXPECT_EQ(session_of(client_), before_);
    EXPECT_EQ(backend(), backend_) << "a new connection would prove nothing";
    EXPECT_EQ(prepared_by_us(), prepared);
    EXPECT_TRUE(client_.try_purchase({.item = item_, .buyer = buyer_}));
}

INSTANTIATE_TEST_SUITE_P(
    Transactions, SessionOf,
    testing::Values(
        session_case{"role", "SET ROLE sdk_clerk"},
        session_case{"authorization", "SET SESSION AUTHORIZATION sdk_clerk"},
        session_case{"buyer", "SET vend.current_buyer = 'alpha'"},
        session_case{"store", "SELECT set_config('vend.default_store', 'bazaar', false)"},
        session_case{"path", "SET search_path = pg_catalog"},
        session_case{"characteristics", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"},
        session_case{"temporary", "CREATE TEMP TABLE left_behind (n int)"},
        session_case{"lock", "SELECT pg_advisory_lock(4711)"},
        session_case{"statement", "PREPARE left_behind AS SELECT 1"},
        session_case{"channel", "LISTEN left_behind"},
        session_case{"cursor", "DECLARE left_behind CURSOR WITH HOLD FOR SELECT 1"},
        session_case{"all", "DO $$ BEGIN SET ROLE sdk_clerk; SET vend.current_buyer = 'alpha'; "
                            "CREATE TEMP TABLE left_behind (n int); "
                            "PERFORM pg_advisory_lock(4711); END $$"}),
    [](const auto &one) { return std::string(one.param.name); });

// A custom setting is empty after it was set. Before, it was unknown.
TEST_F(SessionOf, LosesCustomSettings) {
    client_.transaction([](vend::transaction &tx) { (void)tx.exec("SET my.tenant = 'alpha'"); });
    EXPECT_EQ(client_.transaction([](vend::transaction &tx) {
        return text_of(tx.exec("SELECT current_setting('my.tenant', true)"));
    }),
              "");
}

// The library prepares its statements again, even in the same transaction.
TEST_F(SessionOf, OutlivesDeallocateAll) {
    client_.transaction([&](vend::transaction &tx) {
        (void)tx.exec("DEALLOCATE ALL");
        (void)tx.purchase({.item = item_, .buyer = buyer_});
    });
    EXPECT_TRUE(client_.try_purchase({.item = item_, .buyer = buyer_}));
    EXPECT_EQ(backend(), backend_);
    EXPECT_NE(prepared_by_us(), "0");
}

TEST_F(SessionOf, IsNotUsedAgainWhereItCannotBeRestored) {
    shop_.exec("REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC");
    client_.transaction([](vend::transaction &tx) { (void)tx.exec("SET ROLE sdk_clerk"); });
    const auto after = session_of(client_);
    shop_.exec("GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC");
    EXPECT_EQ(after, before_);
    EXPECT_NE(backend(), backend_);
}

// Calls of the library leave nothing behind, so they do not pay for a round trip that restores the
// session.
TEST_F(SessionOf, IsLeftAloneByCallsOfTheLibrary) {
    const auto last_statement = [&] {
        return shop_.exec("SELECT query FROM pg_stat_activity WHERE pid = $1::int", {backend_});
    };
    client_.transaction(
        [&](vend::transaction &tx) { (void)tx.purchase({.item = item_, .buyer = buyer_}); });
    EXPECT_EQ(last_statement(), "COMMIT");
    EXPECT_THROW(client_.transaction([&](vend::transaction &tx) {
        (void)tx.purchase({.item = item_, .buyer = buyer_});
        throw std::runtime_error("no");
    }),
                 std::runtime_error);
    EXPECT_EQ(last_statement(), "ROLLBACK");
    EXPECT_EQ(backend(), backend_);
    EXPECT_TRUE(last_statement().starts_with("DO")) << last_statement();
}

class TransactionEnd : public testing::TestWithParam<const char *> {
  protected:
    shop_for_tests shop_;
    std::string item_ = shop_.new_item(5);
    std::string buyer_ = shop_.new_wallet(100);
};

// The library does not send the statement. What the function does afterwards is still in its
// transaction.
TEST_P(TransactionEnd, IsNotForStatements) {
    const auto buy_and_end = [&](vend::transaction &tx) {
        (void)tx.purchase({.item = item_, .buyer = buyer_});
        (void)tx.exec(GetParam());
    };
    EXPECT_EQ(sqlstate_of([&] { shop_.client.transaction(buy_and_end); }), "2D000");
    EXPECT_EQ(shop_.stock_of(item_), "5");
    shop_.client.transaction([&](vend::transaction &tx) {
        EXPECT_EQ(sqlstate_of([&] { buy_and_end(tx); }), "2D000");
        (void)tx.purchase({.item = item_, .buyer = buyer_});
    });
    EXPECT_EQ(shop_.stock_of(item_), "3");
    EXPECT_EQ(shop_.exec("SELECT count(*) FROM pg_prepared_xacts"), "0");
}

INSTANTIATE_TEST_SUITE_P(Statements, TransactionEnd,
                         testing::Values("ROLLBACK", "COMMIT", "ABORT", "END", "PREPARE TRANSACTION 'x'",
                                         "COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "rollback work",
                                         "Commit Transaction and no chain",
                                         " ;; -- a\n /* b /* c */ ROLLBACK TO d */ rollback/**/",
                                         "ABORT AND CHAIN", "end work and chain"));

TEST_F(TransactionEnd, IsNotASavepoints) {
    shop_.client.transaction([&](vend::transaction &tx) {
        (void)tx.purchase({.item = item_, .buyer = buyer_});
        (void)tx.exec("SAVEPOINT a");
        for (const char *back : {"ROLLBACK TO a", "rollback /* AND CHAIN */ work to savepoint a",
                                 "ROLLBACK TRANSACTION TO a"}) {
            (void)tx.purchase({.item = item_, .buyer = buyer_, .qty = 2});
            EXPECT_EQ(sqlstate_of([&] { (void)tx.exec("SELECT 1/0"); }), "22012");
            EXPECT_EQ(tx.exec(back).command(), "ROLLBACK");
        }
        (void)tx.exec("RELEASE a");
        EXPECT_EQ(tx.exec("SELECT 'commit'").command(), "SELECT");
        EXPECT_EQ(tx.exec("CREATE TEMP TABLE endless (n int) ON COMMIT DROP").command(), "CREATE TABLE");
        EXPECT_EQ(tx.exec("INSERT INTO endless VALUES (1)").command(), "INSERT");
        EXPECT_EQ(tx.exec("PREPARE transactions AS SELECT 1").command(), "PREPARE");
    });
    EXPECT_EQ(shop_.stock_of(item_), "4");
}

// The server answers the COMMIT of an aborted transaction with ROLLBACK.
TEST_F(TransactionEnd, IsNotASuccessAfterAnError) {
    EXPECT_EQ(sqlstate_of([&] {
                  shop_.client.transaction([&](vend::transaction &tx) {
                      (void)tx.purchase({.item = item_, .buyer = buyer_});
                      EXPECT_EQ(sqlstate_of([&] { (void)tx.exec("SELECT 1/0"); }), "22012");
                  });
              }),
              "25P02");
    EXPECT_EQ(shop_.stock_of(item_), "5");
}

// A pooler between client and server may send another statement than the client did.
TEST_F(TransactionEnd, IsNoticedWhereverItComesFrom) {
    struct {
        std::string heard;
        bool is_in_doubt;
        const char *stock;
    } const cases[] = {{"ROLLBACK", false, "5"},
                       {"COMMIT   ", true, "4"},
                       {"COMMIT AND CHAIN", true, "3"},
                       {"ROLLBACK AND CHAIN", false, "3"}};
    for (const auto &[heard, is_in_doubt, stock] : cases) {
        const std::string said = "SELECT" + std::string(heard.size() - 7, ' ') + "1";
        proxy between;
        vend::client client{between.conninfo(), one_connection()};
        between.replace(said, heard);
        int after = 0;
        try {
            client.transaction([&](vend::transaction &tx) {
                (void)tx.purchase({.item = item_, .buyer = buyer_});
                EXPECT_EQ(sqlstate_of([&] { (void)tx.exec(said); }), "2D000");
                EXPECT_EQ(sqlstate_of([&] { (void)tx.purchase({.item = item_, .buyer = buyer_}); }),
                          "2D000");
                ++after;
            });
            ADD_FAILURE() << heard;
        } catch (const vend::error &failure) {
            EXPECT_EQ(failure.sqlstate(), "2D000") << heard;
            EXPECT_EQ(failure.is_in_doubt(), is_in_doubt) << heard;
        }
        EXPECT_EQ(after, 1) << heard;
        EXPECT_EQ(client.pool()->used().idle, 0) << heard;
        EXPECT_EQ(shop_.stock_of(item_), stock) << heard;
    }
}

TEST_F(TransactionEnd, IsACommitOnlyIfTheServerSaysSo) {
    proxy between;
    vend::client client{between.conninfo(), one_connection()};
    between.replace("COMMIT", "ABORT ");
    EXPECT_EQ(sqlstate_of([&] {
                  client.transaction([&](vend::transaction &tx) {
                      (void)tx.purchase({.item = item_, .buyer = buyer_});
                  });
              }),
              "25P02");
    EXPECT_EQ(shop_.stock_of(item_), "5");
}

// Each such call would wait for a second connection while the thread has the first.
TEST(TransactionInside, RefusesCallsOfTheClientAtOnce) {
    constexpr int threads = 8;
    shop_for_tests shop;
    const auto item = shop.new_item(100);
    const auto buyer = shop.new_wallet(10000);
    vend::options options;
    options.connections_max = threads;
    auto pool = std::make_shared<vend::pool>("", options);
    vend::client client{pool};
    vend::client sibling{pool};
    std::stop_source stop;
    auto copy = client.stopped_by(stop.get_token());
    vend::coalescer coalescer{client};
    const vend::purchase_request one{.item = item, .buyer = buyer};
    std::atomic<int> inside{0};
    const auto body = [&](vend::transaction &tx) {
        ++inside;
        EXPECT_TRUE(eventually([&] { return inside == threads; }));
        ASSERT_EQ(sqlstate_of([&] { (void)client.try_purchase(one); }), "25001");
        ASSERT_EQ(sqlstate_of([&] { (void)sibling.available(item); }), "25001");
        ASSERT_EQ(sqlstate_of([&] { (void)copy.purchase(one); }), "25001");
        ASSERT_EQ(sqlstate_of([&] { client.transaction([](vend::transaction & /*tx*/) {}); }), "25001");
        ASSERT_EQ(sqlstate_of([&] { (void)coalescer.try_purchase(one); }), "25001");
        ASSERT_EQ(sqlstate_of([&] { (void)coalescer.submit(one); }), "25001");
        EXPECT_TRUE(tx.try_purchase(one));
    };
    std::vector<std::future<void>> all;
    for (int i = 0; i < threads; ++i)
        all.push_back(std::async(std::launch::async, [&] { client.transaction(body); }));
    for (auto &each : all) each.get();
    EXPECT_EQ(shop.stock_of(item), "92");
    // Calls outside of it are not refused; nor are calls inside of it by other threads or on another
    // pool.
    EXPECT_TRUE(client.try_purchase(one));
    client.transaction([&](vend::transaction & /*tx*/) {
        EXPECT_TRUE(shop.client.try_purchase(one));
        EXPECT_TRUE(
            std::async(std::launch::async, [&] { return bool(client.try_purchase(one)); }).get());
        EXPECT_TRUE(
            std::async(std::launch::async, [&] { return bool(coalescer.try_purchase(one)); }).get());
        shop.client.transaction([&](vend::transaction & /*other*/) {
            EXPECT_EQ(sqlstate_of([&] { (void)client.try_purchase(one); }), "25001");
        });
        EXPECT_EQ(sqlstate_of([&] { (void)client.try_purchase(one); }), "25001");
    });
    EXPECT_TRUE(client.try_purchase(one));
}

TEST(TransactionInside, SaysWhatToDo) {
    vend::client client{"", one_connection()};
    client.transaction([&](vend::transaction & /*tx*/) {
        try {
            (void)client.available("x");
            ADD_FAILURE();
        } catch (const vend::error &failure) {
            EXPECT_EQ(failure.diagnostics().message, "this thread is in a transaction of the same pool");
            EXPECT_NE(failure.diagnostics().hint, "");
            EXPECT_FALSE(failure.is_in_doubt());
        }
    });
}

// on_attempt may call the client: the connection has been given back.
TEST(TransactionInside, IsOverWhenOnAttemptIsCalled) {
    vend::client *client = nullptr;
    int events = 0;
    vend::options options = one_connection();
    options.on_attempt = [&](const vend::attempt_event &event) {
        ++events;
        EXPECT_EQ(client->pool()->used().busy, 0) << event.name;
        if (events == 1 || events == 3) (void)client->settle();
    };
    vend::client calls{"", options};
    client = &calls;
    (void)calls.settle();
    calls.transaction([](vend::transaction &tx) { (void)tx.exec("SELECT 1"); });
    EXPECT_EQ(events, 4);
}

} // namespace
