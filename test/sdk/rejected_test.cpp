// Servers and poolers that turn the client down: for good, or for now.
#include "faults.hpp"
#include "told.hpp"

#include <vend/coalescer.hpp>

#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace {

struct rejection {
    std::string sqlstate;
    std::string text;
};

fake_server::action sells() {
    return [](const auto &client, const auto &values) {
        client.send(wire::answer({sale_under(values[id_parameter])}, sale_columns) + wire::ready);
    };
}

// The first so many that connect.
fake_server::welcome turns_down(const rejection &why, int times) {
    return [why, left = std::make_shared<std::atomic<int>>(times)](const auto &client) {
        if (--*left < 0) return true;
        client.send(wire::failure("FATAL", why.sqlstate, why.text));
        return false;
    };
}

constexpr int always = 1000000;

class RejectedForGood : public testing::TestWithParam<rejection> {};
INSTANTIATE_TEST_SUITE_P(
    Reasons, RejectedForGood,
    testing::Values(rejection{"08P01", "unsupported startup parameter: search_path"},
                    rejection{"08P01", "unsupported startup parameter in options: search_path"},
                    rejection{"08P01", "no such database: nowhere"}, rejection{"08P01", "no such user"},
                    rejection{"08P01", "server login failed: FATAL database \"nowhere\" does not exist"},
                    rejection{"08P01", "server login failed: wrong password type"},
                    rejection{"3D000", "database \"a:  b\" does not exist"},
                    rejection{"28P01", "password authentication failed for user \"x\""},
                    rejection{"28000", "no pg_hba.conf entry for host \"[local]\""},
                    rejection{"42501", "permission denied for database \"x\""}));

TEST_P(RejectedForGood, IsToldAtOnce) {
    fake_server server(sells(), turns_down(GetParam(), always));
    vend::options options;
    options.prepare = vend::prepare::never;
    vend::client shop{server.conninfo(), options};
    const auto in_transaction = told_by([&] { shop.transaction([](vend::transaction & /*tx*/) {}); });
    for (const told &found : {told_by([&] { (void)shop.try_purchase(lamp()); }), in_transaction,
                              told_by_pipeline(server.conninfo(), options)}) {
        EXPECT_EQ(found.sqlstate, GetParam().sqlstate) << found.what;
        EXPECT_NE(found.what.find(GetParam().text), std::string::npos) << found.what;
        EXPECT_FALSE(found.is_in_doubt);
        EXPECT_EQ(found.attempts, 1);
    }
    EXPECT_EQ(server.connections, 3);
}

class RejectedForNow : public testing::TestWithParam<rejection> {};
INSTANTIATE_TEST_SUITE_P(
    Reasons, RejectedForNow,
    testing::Values(rejection{"57P03", "the database system is starting up"},
                    rejection{"53300", "sorry, too many clients already"},
                    rejection{"08P01", "no more connections allowed (max_client_conn)"},
                    rejection{"08P01", "pooler is shutting down"},
                    rejection{"08P01", "client_login_timeout (server down)"},
                    rejection{"08P01",
                              "server login has been failing, try again later (server_login_retry)"},
                    rejection{"08P01", "server login failed: FATAL the database system is starting up"},
                    rejection{"08P01", "server conn crashed?"}));

TEST_P(RejectedForNow, IsTriedAgain) {
    fake_server server(sells(), turns_down(GetParam(), 3));
    vend::options options;
    options.prepare = vend::prepare::never;
    vend::client shop{server.conninfo(), options};
    EXPECT_EQ(told_by([&] { (void)shop.try_purchase(lamp()); }).sqlstate, "none");
    EXPECT_EQ(server.connections, 4);
    fake_server other(sells(), turns_down(GetParam(), 3));
    EXPECT_EQ(told_by_pipeline(other.conninfo(), options).sqlstate, "none");
}

// Whether the last attempt ended by itself or by the time of the call.
TEST(Rejected, TheErrorAtTheDeadlineHasTheReason) {
    const rejection why{"08P01", "server login has been failing, try again later (server_login_retry)"};
    fake_server server(sells(), turns_down(why, always));
    vend::client shop{server.conninfo(), half_a_second()};
    const auto in_transaction = told_by([&] { shop.transaction([](vend::transaction & /*tx*/) {}); });
    for (const told &found : {told_by([&] { (void)shop.try_purchase(lamp()); }), in_transaction,
                              told_by_pipeline(server.conninfo(), half_a_second())}) {
        EXPECT_NE((found.sqlstate + found.what).find(why.sqlstate), std::string::npos) << found.what;
        EXPECT_NE(found.what.find(why.text), std::string::npos) << found.what;
        EXPECT_FALSE(found.is_in_doubt);
    }
}

// A silent host takes the time that is left; the reason is from before.
TEST(Rejected, TheReasonOutlivesASilentAttempt) {
    std::atomic<int> connections{0};
    fake_server server(sells(), [&](const auto &client) {
        if (++connections == 1)
            client.send(wire::failure("FATAL", "57P03", "the database system is starting up"));
        else
            (void)client.receive(1); // nothing comes
        return false;
    });
    vend::client shop{server.conninfo(), half_a_second()};
    const told found = told_by([&] { (void)shop.try_purchase(lamp()); });
    EXPECT_NE(found.what.find("57P03"), std::string::npos) << found.what;
    EXPECT_NE(found.what.find("the database system is starting up"), std::string::npos) << found.what;
}

// Of several hosts one may come back, whatever the others say.
TEST(Rejected, AHostThatMayComeBackIsWaitedFor) {
    fake_server first(sells(), turns_down({"57P03", "the database system is starting up"}, 2));
    fake_server second(sells(), turns_down({"3D000", "database \"x\" does not exist"}, always));
    vend::options options;
    options.prepare = vend::prepare::never;
    const std::string hosts = fake_server::conninfo_of(first.directory() + ',' + second.directory());
    vend::client shop{hosts, options};
    EXPECT_EQ(told_by([&] { (void)shop.try_purchase(lamp()); }).sqlstate, "none");
    fake_server third(sells(), turns_down({"57P03", "the database system is starting up"}, 2));
    EXPECT_EQ(
        told_by_pipeline(fake_server::conninfo_of(third.directory() + ',' + second.directory()), options)
            .sqlstate,
        "none");
}

// A batch whose connection is turned down is not asked for request by request.
TEST(Rejected, ABatchIsToldTogether) {
    fake_server server(sells(), turns_down({"3D000", "database \"x\" does not exist"}, always));
    vend::options options;
    options.prepare = vend::prepare::never;
    vend::coalescer_options limits;
    limits.batches_max = 1;
    limits.delay_us_max = 60000000; // until it is full
    limits.requests_max = 20;
    vend::coalescer counter{vend::client{server.conninfo(), options}, limits};
    std::vector<std::future<vend::outcome>> answers;
    for (int i = 0; i < 20; ++i) answers.push_back(counter.submit({.item = "lamp", .buyer = "alpha"}));
    for (auto &answer : answers) EXPECT_EQ(sqlstate_of([&] { (void)answer.get(); }), "3D000");
    EXPECT_EQ(server.connections, 1);
}

} // namespace
