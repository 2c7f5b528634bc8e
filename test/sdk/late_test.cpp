// The server gets the first attempt of a call after it has refused the second one.
#include "faults.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <ostream>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using vend::status;

// What a call needs. The call is refused until the situation is cured.
struct situation {
    vend::client &client;
    std::string item;
    std::string wallet;
    vend::uuid id = vend::uuid::make_v7();
    vend::uuid other_id = vend::uuid::make_v7();
};

struct late_call {
    const char *name;
    std::function<void(situation &)> call;                      // throws when it does not take place
    std::function<void(situation &, shop_for_tests &)> prepare; // makes the call one that is refused
    std::function<void(situation &, shop_for_tests &)> cure;    // makes it one that succeeds
};

void PrintTo(const late_call &one, std::ostream *to) {
    *to << one.name;
}

void leave_alone(situation & /*now*/, shop_for_tests & /*shop*/) {}

void fill_wallet(situation &now, shop_for_tests &shop) {
    shop.client.deposit({.wallet = now.wallet, .amount = 1000});
}

void fill_shelf(situation &now, shop_for_tests &shop) {
    shop.client.restock({.item = now.item, .qty = 5});
}

void require(vend::status answer) {
    if (!vend::took_place(answer)) throw vend::refused(answer, {});
}

const std::vector<late_call> late_calls{
    {"purchase",
     [](situation &now) {
         (void)now.client.purchase({.item = now.item, .buyer = now.wallet, .id = now.id});
     },
     fill_wallet, fill_shelf},
    {"purchase_many",
     [](situation &now) {
         const std::vector<vend::purchase_request> two{
             {.item = now.item, .buyer = now.wallet, .id = now.other_id},
             {.item = now.item, .buyer = now.wallet, .id = now.id}};
         require(now.client.purchase_many(two).at(1).status);
     },
     fill_wallet, fill_shelf},
    {"checkout",
     [](situation &now) {
         (void)now.client.checkout(
             {.buyer = now.wallet, .lines = {{.item = now.item, .qty = 2}}, .id = now.id});
     },
     fill_wallet, fill_shelf},
    {"withdraw",
     [](situation &now) {
         (void)now.client.withdraw({.wallet = now.wallet, .amount = 7, .id = now.id});
     },
     leave_alone, fill_wallet},
    {"transfer",
     [](situation &now) {
         (void)now.client.transfer(
             {.payer = now.wallet, .payee = now.wallet + "_payee", .amount = 7, .id = now.id});
     },
     [](situation &now, shop_for_tests &shop) {
         shop.exec("INSERT INTO shop.wallet (id) VALUES ($1)", {now.wallet + "_payee"});
     },
     fill_wallet},
    {"transfer_many",
     [](situation &now) {
         const std::vector<vend::transfer_request> two{
             {.payer = now.wallet, .payee = now.wallet + "_payee", .amount = 7, .id = now.id},
             {.payer = now.wallet, .payee = now.wallet, .amount = 7, .id = now.other_id}};
         require(now.client.transfer_many(two).at(0).status);
     },
     [](situation &now, shop_for_tests &shop) {
         shop.exec("INSERT INTO shop.wallet (id) VALUES ($1)", {now.wallet + "_payee"});
     },
     fill_wallet},
    {"refund", [](situation &now) { (void)now.client.refund({.purchase = now.other_id, .id = now.id}); },
     [](situation &now, shop_for_tests &shop) {
         fill_wallet(now, shop);
         fill_shelf(now, shop);
     },
     [](situation &now, shop_for_tests &shop) {
         (void)shop.client.purchase({.item = now.item, .buyer = now.wallet, .id = now.other_id});
     }},
    {"write_off",
     [](situation &now) { (void)now.client.write_off({.item = now.item, .qty = 1, .id = now.id}); },
     leave_alone, fill_shelf},
    {"deposit",
     [](situation &now) {
         (void)now.client.deposit({.wallet = now.wallet + "_new", .amount = 7, .id = now.id});
     },
     leave_alone,
     [](situation &now, shop_for_tests &shop) {
         shop.exec("INSERT INTO shop.wallet (id) VALUES ($1)", {now.wallet + "_new"});
     }},
    {"restock",
     [](situation &now) {
         (void)now.client.restock({.item = now.item + "_new", .qty = 7, .id = now.id});
     },
     leave_alone,
     [](situation &now, shop_for_tests &shop) {
         shop.exec("INSERT INTO shop.item (id, price) VALUES ($1, 1)", {now.item + "_new"});
     }},
};

class Late : public testing::TestWithParam<late_call> {
  protected:
    // One connection: what the client asks after the refusal must not need another.
    static vend::options options_for_one() {
        vend::options options = patient_with_short_attempts();
        options.connections_max = 1;
        options.prepare = vend::prepare::never; // so that the message contains the call
        return options;
    }

    shop_for_tests shop_;
    proxy proxy_;
};

INSTANTIATE_TEST_SUITE_P(Calls, Late, testing::ValuesIn(late_calls),
                         [](const auto &one) { return one.param.name; });

TEST_P(Late, CannotSucceedAfterTheRefusal) {
    const auto application = new_key("late");
    vend::client client(proxy_.conninfo() + " application_name=" + application, options_for_one());
    situation now{client, shop_.new_item(0), shop_.new_wallet(0)};
    GetParam().prepare(now, shop_);
    (void)client.available(now.item);
    proxy_.keep_back_next("vend.");
    try {
        GetParam().call(now);
        ADD_FAILURE() << "it was not refused";
    } catch (const vend::refused &refusal) {
        EXPECT_FALSE(refusal.is_in_doubt());
    }
    EXPECT_TRUE(proxy_.is_keeping_back());
    GetParam().cure(now, shop_);
    let_pass_and_end(proxy_, shop_, application);
    const auto kinds = kinds_under(shop_, now.id);
    EXPECT_TRUE(kinds == "void" || kinds == "refusal") << kinds;
}

// The first attempt arrives after the refusal, and before the client makes its id void.
TEST_P(Late, IsToldWhenItSucceedsFirst) {
    const auto application = new_key("late");
    std::function<void()> on_refusal;
    vend::options options = options_for_one();
    options.on_attempt = [&](const vend::attempt_event &event) {
        const bool is_answered = event.outcome != "57014" && !event.outcome.starts_with("08");
        if (event.attempt > 1 && is_answered && on_refusal) std::exchange(on_refusal, {})();
    };
    vend::client client(proxy_.conninfo() + " application_name=" + application, options);
    situation now{client, shop_.new_item(0), shop_.new_wallet(0)};
    GetParam().prepare(now, shop_);
    (void)client.available(now.item);
    on_refusal = [&] {
        GetParam().cure(now, shop_);
        let_pass_and_end(proxy_, shop_, application);
    };
    proxy_.keep_back_next("vend.");
    const bool is_remembered = std::string(GetParam().name).starts_with("purchase");
    if (is_remembered)
        EXPECT_THROW(GetParam().call(now), vend::refused);
    else
        EXPECT_NO_THROW(GetParam().call(now));
    EXPECT_FALSE(on_refusal);
    const auto kinds = kinds_under(shop_, now.id);
    EXPECT_EQ(kinds == "refusal", is_remembered) << kinds;
    EXPECT_NE(kinds, "void");
    EXPECT_NE(kinds, "NULL");
}

} // namespace
