// Servers and poolers that refuse a connection: for good, or for now.
#include "call_result.hpp"
#include "faults.hpp"

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

// Refuses the first connections, so many of them.
fake_server::welcome refuses(const rejection &why, int times) {
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

TEST_P(RejectedForGood, IsReportedAtOnce) {
    fake_server server(sells(), refuses(GetParam(), always));
    vend::options options = patient();
    options.call_ms_max = 40000; // a client that tries on ends after three times that
    options.prepare = vend::prepare::never;
    vend::client shop{server.conninfo(), options};
    const auto in_transaction = result_of([&] { shop.transaction([](vend::transaction & /*tx*/) {}); });
    for (const call_result &found : {result_of([&] { (void)shop.try_purchase(lamp()); }), in_transaction,
                                     pipeline_result(server.conninfo(), options)}) {
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
    fake_server server(sells(), refuses(GetParam(), 3));
    vend::options options = patient();
    options.prepare = vend::prepare::never;
    vend::client shop{server.conninfo(), options};
    EXPECT_EQ(result_of([&] { (void)shop.try_purchase(lamp()); }).sqlstate, "none");
    EXPECT_EQ(server.connections, 4);
    fake_server other(sells(), refuses(GetParam(), 3));
    EXPECT_EQ(pipeline_result(other.conninfo(), options).sqlstate, "none");
}

// The error gives the reason, whether the last attempt was refused or reached the limit of the call.
TEST(Rejected, TheErrorAtTheDeadlineHasTheReason) {
    const rejection why{"08P01", "server login has been failing, try again later (server_login_retry)"};
    fake_server server(sells(), refuses(why, always));
    using calls = std::function<call_result(const vend::options &)>;
    for (const auto &call :
         {calls([&](const vend::options &limits) {
              vend::client shop{server.conninfo(), limits};
              return result_of([&] { (void)shop.try_purchase(lamp()); });
          }),
          calls([&](const vend::options &limits) {
              vend::client shop{server.conninfo(), limits};
              return result_of([&] { shop.transaction([](vend::transaction & /*tx*/) {}); });
          }),
          calls([&](const vend::options &limits) {
              return pipeline_result(server.conninfo(), limits);
          })}) {
        call_result found;
        EXPECT_TRUE(with_growing_limits([&](int factor) {
            const int before = server.connections;
            found = call(short_limits(factor));
            return server.connections > before + 1; // the first one was refused
        }));
        EXPECT_NE((found.sqlstate + found.what).find(why.sqlstate), std::string::npos) << found.what;
        EXPECT_NE(found.what.find(why.text), std::string::npos) << found.what;
        EXPECT_FALSE(found.is_in_doubt);
    }
}

// The first attempt is refused. The second one meets silence until the limit of the call.
TEST(Rejected, TheReasonOutlivesASilentAttempt) {
    std::atomic<int> connections{0};
    fake_server server(sells(), [&](const auto &client) {
        if (++connections == 1)
            client.send(wire::failure("FATAL", "57P03", "the database system is starting up"));
        else
            (void)client.receive(1); // nothing comes
        return false;
    });
    call_result found;
    EXPECT_TRUE(with_growing_limits([&](int factor) {
        connections = 0;
        vend::client shop{server.conninfo(), short_limits(factor)};
        found = result_of([&] { (void)shop.try_purchase(lamp()); });
        return connections > 1;
    }));
    EXPECT_NE(found.what.find("57P03"), std::string::npos) << found.what;
    EXPECT_NE(found.what.find("the database system is starting up"), std::string::npos) << found.what;
}

// One of several hosts may come back, even where the others refuse for good.
TEST(Rejected, AHostThatMayComeBackIsWaitedFor) {
    fake_server first(sells(), refuses({"57P03", "the database system is starting up"}, 2));
    fake_server second(sells(), refuses({"3D000", "database \"x\" does not exist"}, always));
    vend::options options = patient();
    options.prepare = vend::prepare::never;
    const std::string hosts = fake_server::conninfo_of(first.directory() + ',' + second.directory());
    vend::client shop{hosts, options};
    EXPECT_EQ(result_of([&] { (void)shop.try_purchase(lamp()); }).sqlstate, "none");
    fake_server third(sells(), refuses({"57P03", "the database system is starting up"}, 2));
    EXPECT_EQ(
        pipeline_result(fake_server::conninfo_of(third.directory() + ',' + second.directory()), options)
            .sqlstate,
        "none");
}

// When its connection is refused, the requests of a batch are not sent one by one.
TEST(Rejected, ABatchIsRefusedAsAWhole) {
    fake_server server(sells(), refuses({"3D000", "database \"x\" does not exist"}, always));
    vend::options options = patient();
    options.prepare = vend::prepare::never;
    vend::coalescer_options limits;
    limits.batches_max = 1;
    limits.delay_us_max = 60000000; // until it is full
    limits.requests_max = 20;
    vend::coalescer together{vend::client{server.conninfo(), options}, limits};
    std::vector<std::future<vend::outcome>> answers;
    for (int i = 0; i < 20; ++i) answers.push_back(together.submit({.item = "lamp", .buyer = "alpha"}));
    for (auto &answer : answers) EXPECT_EQ(sqlstate_of([&] { (void)answer.get(); }), "3D000");
    EXPECT_EQ(server.connections, 1);
}

} // namespace
