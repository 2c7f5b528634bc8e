// A server that sends what no server should: answers that cannot be read, that have no end, or that
// confirm no sale.
#include "call_result.hpp"
#include "faults.hpp"

#include <gtest/gtest.h>
#include <thread>

namespace {

using namespace std::chrono_literals;

// Reports of so many parameters that libpq reads them more slowly than a server sends them.
const std::string &endless_reports() {
    static const std::string reports = [] {
        std::string all;
        for (int i = 0; i < 20000; ++i)
            all += wire::message('S', wire::field('n', std::to_string(i)) + wire::field('v', ""));
        return all;
    }();
    return reports;
}

void expect_in_time(const call_result &found) {
    EXPECT_LE(found.time, long_time) << "the flood goes on for longer";
}

// The result of a call whose limits are reached after the server got it.
template <typename Call>
call_result result_in_short_limits(fake_server &server, Call call, int queries = 1) {
    call_result found;
    EXPECT_TRUE(with_growing_limits([&](int factor) {
        const int before = server.queries;
        found = call(short_limits(factor));
        return server.queries >= before + queries;
    }));
    return found;
}

// A purchase by a client, and one by a pipeline, in such limits.
call_result purchase_in_short_limits(fake_server &server, int queries = 1) {
    return result_in_short_limits(
        server,
        [&](const vend::options &limits) {
            vend::client shop{server.conninfo(), limits};
            return result_of([&] { (void)shop.try_purchase(lamp()); });
        },
        queries);
}
call_result pipelined_in_short_limits(fake_server &server, int queries = 1) {
    return result_in_short_limits(
        server, [&](const vend::options &limits) { return pipeline_result(server.conninfo(), limits); },
        queries);
}

// Nothing but the calls is sent, and there is time for them.
vend::options patient_unprepared() {
    vend::options options = patient();
    options.prepare = vend::prepare::never;
    return options;
}

TEST(Garbage, FakeServerSells) {
    fake_server server([](const auto &client, const auto &values) {
        client.send(wire::answer({sale_under(values[id_parameter])}, sale_columns) + wire::ready);
    });
    vend::client shop{server.conninfo(), patient_unprepared()};
    EXPECT_EQ(shop.try_purchase(lamp()).status, vend::status::purchased);
    EXPECT_EQ(pipeline_result(server.conninfo(), patient_unprepared()).sqlstate, "none");
}

TEST(Garbage, LimitsHoldWhileAServerKeepsSending) {
    fake_server server([](const auto &client, const auto & /*values*/) {
        client.flood(wire::notice("x") + endless_reports());
    });
    const call_result found = purchase_in_short_limits(server);
    // The time may also be over while the second attempt connects.
    EXPECT_TRUE(found.sqlstate == "57014" || found.sqlstate == "08001") << found.sqlstate;
    EXPECT_TRUE(found.is_in_doubt);
    expect_in_time(found);
}

TEST(Garbage, LimitsHoldWhileAServerSendsResults) {
    fake_server server([](const auto &client, const auto &values) {
        client.send(wire::answer({sale_under(values[id_parameter])}, sale_columns));
        client.flood(wire::message('C', "SELECT 1" + std::string(1, '\0')));
    });
    for (const call_result &found :
         {purchase_in_short_limits(server), pipelined_in_short_limits(server)}) {
        EXPECT_TRUE(found.is_in_doubt);
        expect_in_time(found);
    }
}

TEST(Garbage, LimitsHoldWhileAServerGreets) {
    fake_server server({}, [](const auto &client) {
        client.send(wire::message('R', wire::number(0, 4)));
        client.flood(wire::message('S', wire::field('T', "imeZone") + wire::field('U', "TC")));
        return false;
    });
    auto options = short_limits();
    options.connect_ms_max = 100;
    vend::client shop{server.conninfo(), options};
    const call_result found = result_of([&] { (void)shop.try_purchase(lamp()); });
    EXPECT_NE(found.sqlstate, "none");
    EXPECT_FALSE(found.is_in_doubt);
    expect_in_time(found);
}

// Other calls are answered while the server floods an idle connection.
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
    vend::options options = patient_unprepared();
    // The flood may pause just when the client looks at the connection, which is then used.
    options.attempt_ms_max = 1000;
    vend::client shop{server.conninfo(), options};
    (void)shop.try_purchase(lamp());
    EXPECT_TRUE(eventually([&] { return is_flooding.load(); }));
    std::thread other(
        [&] { EXPECT_EQ(result_of([&] { (void)shop.try_purchase(lamp()); }).sqlstate, "none"); });
    expect_in_time(result_of([&] { (void)shop.try_purchase(lamp()); }));
    other.join();
}

class GarbageCopy : public testing::TestWithParam<char> {};
INSTANTIATE_TEST_SUITE_P(Letters, GarbageCopy, testing::Values('G', 'H', 'W'));

TEST_P(GarbageCopy, IsAnErrorWithDoubt) {
    fake_server server([](const auto &client, const auto & /*values*/) {
        client.send(wire::bound + wire::message(GetParam(), std::string(3, '\0')));
    });
    vend::client shop{server.conninfo(), patient_unprepared()};
    for (const call_result &found : {result_of([&] { (void)shop.try_purchase(lamp()); }),
                                     pipeline_result(server.conninfo(), patient_unprepared())}) {
        EXPECT_EQ(found.sqlstate, "0A000");
        EXPECT_TRUE(found.is_in_doubt);
        EXPECT_EQ(found.id, some_id);
        expect_in_time(found);
    }
}

// Rows that have the id of the request and cannot be read.
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
    vend::client shop{server.conninfo(), patient_unprepared()};
    for (const call_result &found : {result_of([&] { (void)shop.try_purchase(lamp()); }),
                                     pipeline_result(server.conninfo(), patient_unprepared())}) {
        EXPECT_EQ(found.sqlstate, "08P01") << found.what;
        EXPECT_TRUE(found.is_in_doubt);
        EXPECT_EQ(found.id, some_id);
        EXPECT_EQ(found.attempts, 1) << "another attempt would get the same answer";
    }
    const call_result in_transaction = result_of(
        [&] { shop.transaction([&](vend::transaction &tx) { (void)tx.try_purchase(lamp()); }); });
    EXPECT_FALSE(in_transaction.is_in_doubt) << "it was not committed";
}

TEST(Garbage, MoreRowsThanRequestsAreOutOfStep) {
    fake_server server([](const auto &client, const auto &values) {
        const std::string &ids = values[3];
        const wire::row row = sale_under(ids.substr(2, 36));
        client.send(wire::answer({row, row, row}, sale_columns) + wire::ready);
    });
    const std::vector<vend::purchase_request> one{lamp()};
    // The second attempt is made after the first one has got its answer.
    const call_result found = result_in_short_limits(
        server,
        [&](const vend::options &limits) {
            vend::client shop{server.conninfo(), limits};
            return result_of([&] { (void)shop.purchase_many(one); });
        },
        2);
    EXPECT_NE(found.what.find("out of step"), std::string::npos) << found.what;
    EXPECT_TRUE(found.is_in_doubt);
}

// The library does not let std::out_of_range escape.
TEST(Garbage, AnAnswerWithoutRowsIsAnError) {
    fake_server server([](const auto &client, const auto & /*values*/) {
        client.send(wire::answer({}, 1) + wire::ready);
    });
    vend::client shop{server.conninfo(), patient_unprepared()};
    EXPECT_EQ(sqlstate_of([&] { (void)shop.available("lamp"); }), "08P01");
    EXPECT_EQ(sqlstate_of([&] { shop.transaction([](vend::transaction & /*tx*/) {}); }), "08P01");
    server.tells_its_process = false;
    vend::client other{server.conninfo(), patient_unprepared()};
    EXPECT_EQ(sqlstate_of([&] { (void)other.available("lamp"); }), "08P01");
}

// A COMMIT whose wait for the synchronous standby is cancelled succeeds, with a warning in the language
// of the server.
TEST(Garbage, ASaleThatMayNotBeOnTheStandbyIsInDoubt) {
    fake_server server([](const auto &client, const auto &values) {
        client.send(wire::answer({sale_under(values[id_parameter])}, sale_columns) +
                    wire::notice("storniere Warten auf synchrone Replikation", "SyncRepWaitForLSN") +
                    wire::ready);
    });
    for (const call_result &found :
         {purchase_in_short_limits(server, 2), pipelined_in_short_limits(server, 2)}) {
        EXPECT_TRUE(found.is_in_doubt);
        EXPECT_EQ(found.id, some_id);
        EXPECT_GT(found.attempts, 1);
    }
}

// The session may have that warning switched off, so the client trusts no success after a cancel of its
// own.
TEST(Garbage, ASuccessAfterOurOwnCancelIsInDoubt) {
    fake_server server([](const auto &client, const auto &values) {
        client.wait_for_cancel();
        client.send(wire::answer({sale_under(values[id_parameter])}, sale_columns) + wire::ready);
    });
    const call_result found = result_in_short_limits(server, [&](vend::options limits) {
        limits.attempt_ms_max = limits.call_ms_max;
        limits.cancel_ms_max = 60000;
        vend::client shop{server.conninfo(), limits};
        return result_of([&] { (void)shop.try_purchase(lamp()); });
    });
    EXPECT_EQ(found.sqlstate, "57014");
    EXPECT_TRUE(found.is_in_doubt);
    EXPECT_EQ(found.id, some_id);
}

TEST(Garbage, ASuccessAfterAStopIsInDoubt) {
    std::stop_source stop;
    fake_server server([&](const auto &client, const auto &values) {
        stop.request_stop();
        client.wait_for_cancel();
        client.send(wire::answer({sale_under(values[id_parameter])}, sale_columns) + wire::ready);
    });
    auto options = patient_unprepared();
    options.cancel_ms_max = 60000;
    auto shop = vend::client(server.conninfo(), options).stopped_by(stop.get_token());
    const call_result found = result_of([&] { (void)shop.try_purchase(lamp()); });
    EXPECT_EQ(found.sqlstate, "57014");
    EXPECT_TRUE(found.is_in_doubt);
}

} // namespace
