// A server that says what no server should: what cannot be read, what has no end, and what is no sale.
#include "faults.hpp"
#include "told.hpp"

#include <gtest/gtest.h>
#include <thread>

namespace {

using namespace std::chrono_literals;

// So many names that libpq takes longer to read them than a server to send them.
const std::string &endless_reports() {
    static const std::string reports = [] {
        std::string all;
        for (int i = 0; i < 20000; ++i)
            all += wire::message('S', wire::field('n', std::to_string(i)) + wire::field('v', ""));
        return all;
    }();
    return reports;
}

void expect_in_time(const told &found) {
    EXPECT_LE(found.time, 15s) << "the limits are 0.6 seconds, and a flood goes on for 20";
}

TEST(Garbage, FakeServerSells) {
    fake_server server([](const auto &client, const auto &values) {
        client.send(wire::answer({sale_under(values[id_parameter])}, sale_columns) + wire::ready);
    });
    vend::client shop{server.conninfo(), half_a_second()};
    EXPECT_EQ(shop.try_purchase(lamp()).status, vend::status::purchased);
    EXPECT_EQ(told_by_pipeline(server.conninfo(), half_a_second()).sqlstate, "none");
}

TEST(Garbage, LimitsHoldWhileAServerKeepsSending) {
    fake_server server([](const auto &client, const auto & /*values*/) {
        client.flood(wire::notice("x") + endless_reports());
    });
    vend::client shop{server.conninfo(), half_a_second()};
    const told found = told_by([&] { (void)shop.try_purchase(lamp()); });
    EXPECT_EQ(found.sqlstate, "57014");
    EXPECT_TRUE(found.is_in_doubt);
    expect_in_time(found);
}

TEST(Garbage, LimitsHoldWhileAServerSendsResults) {
    fake_server server([](const auto &client, const auto &values) {
        client.send(wire::answer({sale_under(values[id_parameter])}, sale_columns));
        client.flood(wire::message('C', "SELECT 1" + std::string(1, '\0')));
    });
    vend::client shop{server.conninfo(), half_a_second()};
    const told found = told_by([&] { (void)shop.try_purchase(lamp()); });
    EXPECT_TRUE(found.is_in_doubt);
    expect_in_time(found);
    const told in_line = told_by_pipeline(server.conninfo(), half_a_second());
    EXPECT_TRUE(in_line.is_in_doubt);
    expect_in_time(in_line);
}

TEST(Garbage, LimitsHoldWhileAServerGreets) {
    fake_server server({}, [](const auto &client) {
        client.send(wire::message('R', wire::number(0, 4)));
        client.flood(wire::message('S', wire::field('T', "imeZone") + wire::field('U', "TC")));
        return false;
    });
    auto options = half_a_second();
    options.connect_ms_max = 100;
    vend::client shop{server.conninfo(), options};
    const told found = told_by([&] { (void)shop.try_purchase(lamp()); });
    EXPECT_NE(found.sqlstate, "none");
    EXPECT_FALSE(found.is_in_doubt);
    expect_in_time(found);
}

// Others are answered while it floods.
TEST(Garbage, AFloodedIdleConnectionKeepsNobodyWaiting) {
    std::atomic<bool> is_flooding{false};
    std::atomic<int> calls{0};
    fake_server server([&](const auto &client, const auto &values) {
        const bool is_first = ++calls == 1;
        client.send(wire::answer({sale_under(values[id_parameter])}, sale_columns) + wire::ready);
        if (!is_first) return;
        is_flooding = true;
        client.flood(endless_reports());
        is_flooding = false;
    });
    vend::options options;
    options.prepare = vend::prepare::never;
    // For the case that the flood pauses just when the connection is looked at, which is then used.
    options.attempt_ms_max = 1'000;
    vend::client shop{server.conninfo(), options};
    (void)shop.try_purchase(lamp());
    while (!is_flooding) std::this_thread::sleep_for(1ms);
    std::thread other(
        [&] { EXPECT_EQ(told_by([&] { (void)shop.try_purchase(lamp()); }).sqlstate, "none"); });
    EXPECT_LE(told_by([&] { (void)shop.try_purchase(lamp()); }).time, 10s) << "it floods for 20";
    other.join();
}

class GarbageCopy : public testing::TestWithParam<char> {};
INSTANTIATE_TEST_SUITE_P(Letters, GarbageCopy, testing::Values('G', 'H', 'W'));

TEST_P(GarbageCopy, IsAnErrorWithDoubt) {
    fake_server server([](const auto &client, const auto & /*values*/) {
        client.send(wire::bound + wire::message(GetParam(), std::string(3, '\0')));
    });
    const told in_line = told_by_pipeline(server.conninfo(), half_a_second());
    EXPECT_EQ(in_line.sqlstate, "0A000");
    EXPECT_TRUE(in_line.is_in_doubt);
    EXPECT_EQ(in_line.id, some_id);
    expect_in_time(in_line);
    vend::client shop{server.conninfo(), half_a_second()};
    const told found = told_by([&] { (void)shop.try_purchase(lamp()); });
    EXPECT_EQ(found.sqlstate, "0A000");
    EXPECT_TRUE(found.is_in_doubt);
    EXPECT_EQ(found.id, some_id);
}

// Rows under the id that was asked for, which are no answer all the same.
struct unreadable_row {
    const char *name;
    std::function<wire::row(const std::string &id)> row;
};
class GarbageRow : public testing::TestWithParam<unreadable_row> {};
INSTANTIATE_TEST_SUITE_P(Rows, GarbageRow,
                         testing::Values(unreadable_row{"unknown_status",
                                                        [](const auto &id) {
                                                            return sale_under(id, "sold_twice");
                                                        }},
                                         unreadable_row{"null_status",
                                                        [](const auto &id) {
                                                            auto row = sale_under(id);
                                                            row[0] = {};
                                                            return row;
                                                        }},
                                         unreadable_row{"too_few_columns",
                                                        [](const auto &id) {
                                                            auto row = sale_under(id);
                                                            row.resize(5);
                                                            return row;
                                                        }},
                                         unreadable_row{"no_number",
                                                        [](const auto &id) {
                                                            auto row = sale_under(id);
                                                            row[5] = "one";
                                                            return row;
                                                        }},
                                         unreadable_row{"no_amount",
                                                        [](const auto &id) {
                                                            auto row = sale_under(id);
                                                            row[6] = "NaN";
                                                            return row;
                                                        }}),
                         [](const auto &one) { return one.param.name; });

TEST_P(GarbageRow, IsAnErrorWithIdAndDoubt) {
    std::atomic<bool> is_in_transaction{false};
    fake_server server([&](const auto &client, const auto &values) {
        if (values.empty()) { // BEGIN
            is_in_transaction = true;
            client.send(wire::bound + wire::message('C', wire::field('B', "EGIN")) +
                        wire::message('Z', "T"));
            return;
        }
        const wire::row row = GetParam().row(values[id_parameter]);
        client.send(wire::answer({row}, row.size()) +
                    (is_in_transaction ? wire::message('Z', "T") : wire::ready));
    });
    vend::client shop{server.conninfo(), half_a_second()};
    for (const told &found : {told_by([&] { (void)shop.try_purchase(lamp()); }),
                              told_by_pipeline(server.conninfo(), half_a_second())}) {
        EXPECT_EQ(found.sqlstate, "08P01") << found.what;
        EXPECT_TRUE(found.is_in_doubt);
        EXPECT_EQ(found.id, some_id);
        EXPECT_EQ(found.attempts, 1) << "another attempt would have the same answer";
    }
    const told in_transaction = told_by(
        [&] { shop.transaction([&](vend::transaction &tx) { (void)tx.try_purchase(lamp()); }); });
    EXPECT_FALSE(in_transaction.is_in_doubt) << "it was not committed";
}

TEST(Garbage, RowsThatNobodyAskedForAreOutOfStep) {
    fake_server server([](const auto &client, const auto &values) {
        const std::string &ids = values[3];
        const wire::row row = sale_under(ids.substr(2, 36));
        client.send(wire::answer({row, row, row}, sale_columns) + wire::ready);
    });
    vend::client shop{server.conninfo(), half_a_second()};
    const std::vector<vend::purchase_request> one{lamp()};
    const told found = told_by([&] { (void)shop.purchase_many(one); });
    EXPECT_NE(found.what.find("out of step"), std::string::npos) << found.what;
    EXPECT_TRUE(found.is_in_doubt);
}

// Where nothing comes back at all, no std::out_of_range does either.
TEST(Garbage, AnAnswerWithoutRowsIsAnError) {
    fake_server server([](const auto &client, const auto & /*values*/) {
        client.send(wire::answer({}, 1) + wire::ready);
    });
    vend::client shop{server.conninfo(), half_a_second()};
    EXPECT_EQ(sqlstate_of([&] { (void)shop.available("lamp"); }), "08P01");
    EXPECT_EQ(sqlstate_of([&] { shop.transaction([](vend::transaction & /*tx*/) {}); }), "08P01");
    server.answers_first_look = false;
    vend::client other{server.conninfo(), half_a_second()};
    EXPECT_EQ(sqlstate_of([&] { (void)other.available("lamp"); }), "08P01");
}

// As a COMMIT answers whose wait for the synchronous standby is cancelled: success, and a warning in the
// language of the server.
TEST(Garbage, ASaleThatMayNotBeOnTheStandbyIsInDoubt) {
    const auto sells_alone = [](const auto &client, const auto &values) {
        client.send(wire::answer({sale_under(values[id_parameter])}, sale_columns) +
                    wire::notice("storniere Warten auf synchrone Replikation", "SyncRepWaitForLSN") +
                    wire::ready);
    };
    fake_server server(sells_alone);
    vend::client shop{server.conninfo(), half_a_second()};
    for (const told &found : {told_by([&] { (void)shop.try_purchase(lamp()); }),
                              told_by_pipeline(server.conninfo(), half_a_second())}) {
        EXPECT_TRUE(found.is_in_doubt);
        EXPECT_EQ(found.id, some_id);
        EXPECT_GT(found.attempts, 1);
    }
}

// The warning may be switched off: a success after a cancel of our own is none.
TEST(Garbage, ASuccessAfterOurOwnCancelIsInDoubt) {
    fake_server server([](const auto &client, const auto &values) {
        client.wait_for_cancel();
        client.send(wire::answer({sale_under(values[id_parameter])}, sale_columns) + wire::ready);
    });
    auto options = half_a_second();
    options.call_ms_max = options.attempt_ms_max = 100;
    options.cancel_ms_max = 10000;
    vend::client shop{server.conninfo(), options};
    const told found = told_by([&] { (void)shop.try_purchase(lamp()); });
    EXPECT_EQ(found.sqlstate, "57014");
    EXPECT_TRUE(found.is_in_doubt);
    EXPECT_EQ(found.id, some_id);
}

TEST(Garbage, AStopIsACancelOfOurOwn) {
    std::stop_source stop;
    fake_server server([&](const auto &client, const auto &values) {
        stop.request_stop();
        client.wait_for_cancel();
        client.send(wire::answer({sale_under(values[id_parameter])}, sale_columns) + wire::ready);
    });
    auto options = half_a_second();
    options.cancel_ms_max = 10000;
    auto shop = vend::client(server.conninfo(), options).stopped_by(stop.get_token());
    const told found = told_by([&] { (void)shop.try_purchase(lamp()); });
    EXPECT_EQ(found.sqlstate, "57014");
    EXPECT_TRUE(found.is_in_doubt);
}

} // namespace
