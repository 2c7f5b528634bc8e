#include "faults.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using vend::status;

TEST(Client, SellsAndRefuses) {
    shop_for_tests shop;
    const auto item = shop.new_item(1);
    const auto alpha = shop.new_wallet(15);
    const auto before = std::chrono::system_clock::now() - 1min;
    const auto receipt = shop.client.purchase({.item = item, .buyer = alpha});
    EXPECT_EQ(receipt.item, item);
    EXPECT_EQ(receipt.buyer, alpha);
    EXPECT_EQ(receipt.qty, 1);
    EXPECT_EQ(receipt.unit_price, vend::numeric(10));
    EXPECT_EQ(receipt.amount, vend::numeric(10));
    EXPECT_EQ(receipt.balance, vend::numeric(5));
    EXPECT_FALSE(receipt.replayed);
    EXPECT_GT(receipt.at, before);
    EXPECT_LT(receipt.at, std::chrono::system_clock::now() + 1min);
    EXPECT_EQ(shop.sales_under(receipt.id), "1");

    const auto second = shop.client.try_purchase({.item = item, .buyer = alpha});
    EXPECT_FALSE(second);
    EXPECT_EQ(second.status, status::sold_out);
    EXPECT_EQ(second.detail, "0 left, 1 wanted.");

    const auto again = shop.client.purchase({.item = item, .buyer = alpha, .id = receipt.id});
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.at, receipt.at);
    EXPECT_EQ(shop.sales_under(receipt.id), "1");
}

TEST(Client, StatesThePriceOfASale) {
    shop_for_tests shop;
    const auto item = shop.new_item(100);
    const auto other = shop.new_item(100);
    const auto alpha = shop.new_wallet(1000);
    const auto ten = shop.client.purchase({.item = item, .buyer = alpha, .qty = 10, .amount = 79});
    EXPECT_EQ(ten.unit_price, std::nullopt);
    EXPECT_EQ(ten.amount, vend::numeric(79));
    const auto again =
        shop.client.purchase({.item = item, .buyer = alpha, .qty = 10, .id = ten.id, .amount = 79});
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.amount, vend::numeric(79));
    const auto two = shop.client.purchase({.item = item, .buyer = alpha, .qty = 2, .unit_price = 8});
    EXPECT_EQ(two.unit_price, vend::numeric(8));
    EXPECT_EQ(two.amount, vend::numeric(16));
    const std::vector<vend::purchase_request> requests{
        {.item = item, .buyer = alpha, .qty = 3, .amount = 20},
        {.item = item, .buyer = alpha, .unit_price = 7},
        {.item = item, .buyer = alpha}};
    const auto many = shop.client.purchase_many(requests);
    EXPECT_EQ(many[0].amount, vend::numeric(20));
    EXPECT_EQ(many[1].amount, vend::numeric(7));
    EXPECT_EQ(many[2].amount, vend::numeric(10));
    const auto cart = shop.client.checkout(
        {.buyer = alpha,
         .lines = {{.item = item, .qty = 4, .amount = 33}, {.item = other, .unit_price = 9}}});
    EXPECT_EQ(cart.amount, vend::numeric(42));
    EXPECT_EQ(shop.exec("SELECT string_agg(concat_ws(' ', -qty, -amount, list_price), ', ' ORDER BY at, "
                        "amount) FROM shop.ledger WHERE kind = 'purchase' AND item = $1",
                        {item}),
              "10 79 10, 2 16 10, 3 20 10, 1 10, 1 7 10, 4 33 10");
}

TEST(Client, StatesTheCurrencyOfASale) {
    shop_for_tests shop;
    for (const char *sql :
         {"CREATE TABLE product (id text PRIMARY KEY, stock int NOT NULL)",
          "CREATE TABLE account (id text PRIMARY KEY, balance bigint NOT NULL, currency text NOT NULL)",
          "INSERT INTO product VALUES ('lamp', 9), ('vase', 9)",
          "INSERT INTO account VALUES ('ann', 100, 'EUR'), ('bob', 100, 'USD')",
          "SELECT vend.attach_store('bureau', 'product', wallets => 'account', balance => 'balance', "
          "wallet_currency => 'currency')"})
        shop.exec(sql);
    const auto request = [](const char *buyer) {
        return vend::purchase_request{
            .item = "lamp", .buyer = buyer, .unit_price = 10, .currency = "EUR", .store = "bureau"};
    };
    EXPECT_EQ(shop.client.purchase(request("ann")).balance, vend::numeric(90));
    EXPECT_EQ(shop.client.try_purchase(request("bob")).status, status::currency_mismatch);
    const std::vector requests{request("bob"), request("ann")};
    const auto many = shop.client.purchase_many(requests);
    EXPECT_EQ(many[0].status, status::currency_mismatch);
    EXPECT_EQ(many[0].detail, "The price is in EUR, the wallet is in USD.");
    EXPECT_EQ(many[1].status, status::purchased);
    vend::cart_request cart{
        .buyer = "bob",
        .lines = {{.item = "lamp", .unit_price = 1}, {.item = "vase", .unit_price = 2}},
        .currency = "USD",
        .store = "bureau"};
    EXPECT_EQ(shop.client.checkout(cart).balance, vend::numeric(97));
    cart.buyer = "ann";
    EXPECT_EQ(shop.client.try_checkout(cart).status, status::currency_mismatch);
    try {
        (void)shop.client.transfer({.payer = "ann", .payee = "bob", .amount = 1, .store = "bureau"});
        ADD_FAILURE();
    } catch (const vend::refused &refusal) {
        EXPECT_EQ(refusal.status(), status::currency_mismatch);
        EXPECT_EQ(refusal.sqlstate(), "VN013");
    }
    for (const char *sql : {"SELECT vend.detach_store('bureau')", "DROP SCHEMA bureau CASCADE",
                            "DROP TABLE product, account"})
        shop.exec(sql);
}

TEST(Client, ThrowsARefusalWithItsReason) {
    shop_for_tests shop;
    try {
        (void)shop.client.purchase({.item = shop.new_item(1, 100), .buyer = shop.new_wallet(5)});
        FAIL();
    } catch (const vend::refused &refusal) {
        EXPECT_EQ(refusal.status(), status::insufficient_funds);
        EXPECT_EQ(refusal.sqlstate(), "VN003");
        EXPECT_EQ(refusal.diagnostics().detail, "The balance is 5, 100 is needed.");
        EXPECT_FALSE(refusal.is_in_doubt());
        EXPECT_TRUE(refusal.id().has_value());
    }
    try {
        (void)shop.client.deposit({.wallet = "nobody", .amount = 1});
        FAIL();
    } catch (const vend::refused &refusal) {
        EXPECT_EQ(refusal.status(), status::unknown_buyer);
        EXPECT_EQ(refusal.sqlstate(), "VN007");
    }
}

TEST(Client, GivesEveryDiagnosticField) {
    shop_for_tests shop;
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    const auto sold = shop.client.purchase({.item = item, .buyer = buyer});
    try {
        (void)shop.client.try_purchase({.item = item, .buyer = buyer, .qty = 2, .id = sold.id});
        FAIL();
    } catch (const vend::error &failure) {
        EXPECT_EQ(failure.sqlstate(), "VN008");
        EXPECT_EQ(failure.diagnostics().severity, "ERROR");
        EXPECT_NE(failure.diagnostics().message.find(sold.id.str()), std::string::npos);
        EXPECT_EQ(failure.diagnostics().detail, "Another quantity was recorded under it.");
        EXPECT_FALSE(failure.diagnostics().hint.empty());
        EXPECT_NE(failure.diagnostics().query.find("vend.try_purchase"), std::string::npos);
        EXPECT_EQ(failure.id(), sold.id);
        EXPECT_EQ(failure.attempts(), 1);
        EXPECT_NE(std::string(failure.what()).find("Another quantity"), std::string::npos);
        EXPECT_EQ(dynamic_cast<const vend::refused *>(&failure), nullptr);
    }
    try {
        shop.exec("UPDATE shop.wallet SET balance = -1 WHERE id = $1", {buyer});
        FAIL();
    } catch (const vend::error &failure) {
        EXPECT_EQ(failure.sqlstate(), "23514");
        EXPECT_EQ(failure.diagnostics().schema, "shop");
        EXPECT_EQ(failure.diagnostics().table, "wallet");
        EXPECT_EQ(failure.diagnostics().constraint, "wallet_balance_check");
    }
}

TEST(Client, CallsEveryFunctionOfTheReference) {
    shop_for_tests shop;
    const auto lamp = shop.new_item(10, 100);
    const auto vase = shop.new_item(10, 7);
    const auto alpha = shop.new_wallet(1000);
    const auto beta = shop.new_wallet(0);
    auto &client = shop.client;

    EXPECT_EQ(client.deposit({.wallet = beta, .amount = 50}).balance, vend::numeric(50));
    EXPECT_EQ(client.withdraw({.wallet = beta, .amount = 20}).balance, vend::numeric(30));
    EXPECT_EQ(client.try_withdraw({.wallet = beta, .amount = 31}).status, status::insufficient_funds);
    const auto moved = client.transfer({.payer = alpha, .payee = beta, .amount = 70});
    EXPECT_EQ(moved.kind, "transfer");
    EXPECT_EQ(moved.payee, beta);
    EXPECT_EQ(moved.balance, vend::numeric(930));
    EXPECT_EQ(client.try_transfer({.payer = alpha, .payee = beta, .amount = 70, .id = moved.id}).status,
              status::replayed);
    EXPECT_EQ(client.restock({.item = lamp, .qty = 5}).stock, 15);

    const auto cart =
        client.checkout({.buyer = alpha, .lines = {{.item = vase, .qty = 2}, {.item = lamp}}});
    ASSERT_EQ(cart.lines.size(), 2U);
    EXPECT_EQ(cart.lines[0].item, vase);
    EXPECT_EQ(cart.lines[0].amount, vend::numeric(14));
    EXPECT_EQ(cart.lines[1].item, lamp);
    EXPECT_EQ(cart.amount, vend::numeric(114));
    EXPECT_EQ(cart.balance, vend::numeric(816));
    const auto refused =
        client.try_checkout({.buyer = beta, .lines = {{.item = vase}, {.item = lamp, .qty = 9}}});
    EXPECT_EQ(refused.status, status::insufficient_funds);
    EXPECT_EQ(refused.line, 2);
    const auto back = client.refund({.purchase = cart.id, .qty = 1, .item = vase});
    EXPECT_EQ(back.amount, vend::numeric(7));
    EXPECT_EQ(client.try_refund({.purchase = cart.id, .qty = 2, .item = vase}).status,
              status::over_refund);
    const auto money = client.refund({.purchase = cart.id, .item = lamp, .amount = 3});
    EXPECT_EQ(money.qty, 0);
    EXPECT_EQ(money.balance, vend::numeric(826));
    const auto rest = client.refund({.purchase = cart.id, .restock = false});
    EXPECT_EQ(rest.qty, 2);
    EXPECT_EQ(rest.amount, vend::numeric(104));
    EXPECT_EQ(rest.balance, vend::numeric(930));
    const auto gone = client.write_off({.item = lamp, .qty = 2});
    EXPECT_EQ(gone.kind, "write_off");
    EXPECT_EQ(gone.stock, 12);
    EXPECT_EQ(client.try_write_off({.item = lamp, .qty = 2, .id = gone.id}).status, status::replayed);
    EXPECT_EQ(client.try_write_off({.item = lamp, .qty = 13}).status, status::sold_out);

    const std::vector<vend::purchase_request> requests{{.item = lamp, .buyer = alpha},
                                                       {.item = "ghost", .buyer = alpha},
                                                       {.item = vase, .buyer = beta, .qty = 0},
                                                       {.item = vase, .buyer = beta, .max_price = 6},
                                                       {.item = vase, .buyer = beta, .max_price = 7}};
    const auto sales = client.purchase_many(requests);
    ASSERT_EQ(sales.size(), 5U);
    EXPECT_EQ(sales[0].status, status::purchased);
    EXPECT_EQ(sales[1].status, status::unknown_item);
    EXPECT_EQ(sales[2].status, status::invalid);
    EXPECT_EQ(sales[3].status, status::price_changed);
    EXPECT_EQ(sales[4].status, status::purchased);
    EXPECT_EQ(shop.sales_under(sales[4].id.value()), "1");
    const std::vector<vend::transfer_request> transfers{{.payer = beta, .payee = alpha, .amount = 93},
                                                        {.payer = beta, .payee = alpha, .amount = 1}};
    const auto paid = client.transfer_many(transfers);
    ASSERT_EQ(paid.size(), 2U);
    EXPECT_EQ(paid[0].status, status::recorded);
    EXPECT_EQ(paid[1].status, status::insufficient_funds);

    const auto spent = vend::uuid::make_v7();
    client.void_id(spent);
    client.void_id(spent, "shop");
    EXPECT_EQ(sqlstate_of([&] { (void)client.restock({.item = lamp, .id = spent}); }), "VN008");
    EXPECT_EQ(sqlstate_of([&] { client.void_id(moved.id); }), "VN008");

    client.set_lock_mode(lamp, "pessimistic");
    EXPECT_EQ(client.available(lamp), 11);
    EXPECT_EQ(client.settle(), 0);
    EXPECT_TRUE(client.audit().empty());
    EXPECT_EQ(sqlstate_of([&] { (void)client.available("ghost"); }), "VN006");
}

TEST(Client, SellsUnderEveryKindOfKey) {
    shop_for_tests shop;
    const auto buyer = shop.new_wallet(100);
    for (const std::string name :
         {R"(a "b" \c, {d}, 'e' $1)", "\xc3\xa9t\xc3\xa9 \xf0\x9f\x8e\xab", " ", "NULL", "a\nb\t"}) {
        const std::string item = new_key("k") + name;
        shop.exec("INSERT INTO shop.item (id, price, stock) VALUES ($1, 1, 5)", {item});
        EXPECT_EQ(shop.client.purchase({.item = item, .buyer = buyer}).item, item);
        const std::vector<vend::purchase_request> one{{.item = item, .buyer = buyer}};
        EXPECT_EQ(shop.client.purchase_many(one).at(0).item, item);
        EXPECT_EQ(shop.client.checkout({.buyer = buyer, .lines = {{.item = item}}}).lines.at(0).item,
                  item);
    }
    const std::string with_null("a\0b", 3);
    EXPECT_EQ(sqlstate_of([&] { (void)shop.client.try_purchase({.item = with_null, .buyer = buyer}); }),
              "22021");
    EXPECT_EQ(sqlstate_of([&] { (void)shop.client.try_purchase({.item = "\xff\xfe", .buyer = buyer}); }),
              "22021");
    EXPECT_EQ(sqlstate_of(
                  [&] { (void)shop.client.try_purchase({.item = "x", .buyer = buyer, .store = "no"}); }),
              "42704");
}

TEST(Client, RepeatsACallThatLostItsSession) {
    std::mutex mutex;
    std::vector<std::string> outcomes;
    vend::options options = patient();
    options.on_attempt = [&](const vend::attempt_event &event) {
        const std::lock_guard lock(mutex);
        outcomes.push_back(std::string(event.name) + ' ' + std::string(event.outcome));
    };
    shop_for_tests shop("", options);
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    // The call waits for the wallet when its session is terminated.
    shop_for_tests other("", patient());
    outcomes.clear();
    const auto id = vend::uuid::make_v7();
    std::thread buyer_thread;
    other.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        buyer_thread = std::thread([&] {
            const auto sale = shop.client.purchase({.item = item, .buyer = buyer, .id = id});
            EXPECT_EQ(sale.id, id);
        });
        shop_for_tests third;
        EXPECT_TRUE(eventually([&] {
            return third.exec("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                              "wait_event_type = 'Lock' AND query LIKE '%try_purchase%' "
                              "AND pid <> pg_backend_pid()") == "1";
        }));
        EXPECT_TRUE(eventually([&] {
            const std::lock_guard lock(mutex);
            return !outcomes.empty();
        }));
    });
    buyer_thread.join();
    EXPECT_EQ(outcomes, (std::vector<std::string>{"try_purchase 57P01", "try_purchase purchased"}));
    EXPECT_EQ(shop.stock_of(item), "4");
}

TEST(Client, KeepsItsDeadline) {
    shop_for_tests shop("", patient());
    shop_for_tests other("", patient());
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        EXPECT_TRUE(with_growing_limits([&](int factor) {
            vend::options options = patient();
            options.call_ms_max = 300 * factor;
            options.cancel_ms_max = 60000;
            shop_for_tests hurried("", options);
            bool is_sent = false;
            const auto time = time_of([&] {
                try {
                    (void)hurried.client.try_purchase({.item = item, .buyer = buyer});
                    ADD_FAILURE();
                } catch (const vend::error &failure) {
                    is_sent = failure.sqlstate() == "57014" && !failure.diagnostics().query.empty();
                    EXPECT_FALSE(failure.is_in_doubt()) << "the server said that it cancelled it";
                    EXPECT_EQ(other.sales_under(failure.id().value()), "0");
                }
            });
            EXPECT_LT(time, 15s + options.call_ms_max * 1ms) << "an attempt may take 20 s";
            return is_sent;
        }));
    });
    EXPECT_EQ(shop.stock_of(item), "5");
}

TEST(Client, IsStoppedByItsCaller) {
    shop_for_tests shop("", patient());
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    std::stop_source stop;
    const auto name = new_key("stopped");
    auto stoppable = vend::client("application_name=" + name, patient()).stopped_by(stop.get_token());
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SELECT FROM shop.wallet WHERE id = $1 FOR UPDATE", {buyer});
        std::thread stopper([&] {
            shop_for_tests third;
            await_blocked(third, name);
            stop.request_stop();
        });
        EXPECT_EQ(sqlstate_of([&] { (void)stoppable.try_purchase({.item = item, .buyer = buyer}); }),
                  "57014");
        stopper.join();
    });
    EXPECT_EQ(shop.stock_of(item), "5");
    EXPECT_EQ(sqlstate_of([&] { (void)stoppable.try_purchase({.item = item, .buyer = buyer}); }),
              "57014");
}

TEST(Transaction, CommitsOrRollsBack) {
    shop_for_tests shop;
    const auto item = shop.new_item(5);
    const auto buyer = shop.new_wallet(100);
    const auto paid = shop.client.transaction([&](vend::transaction &tx) {
        const auto receipt = tx.purchase({.item = item, .buyer = buyer, .qty = 2});
        const auto note = tx.exec("SELECT $1::text || $2::int", {"sold ", receipt.qty});
        EXPECT_EQ(note.get(0, 0), "sold 2");
        EXPECT_EQ(note.size(), 1U);
        EXPECT_EQ(note.columns(), 1U);
        EXPECT_THROW((void)note.get(0, 1), std::out_of_range);
        return receipt.amount.value();
    });
    EXPECT_EQ(paid, vend::numeric(20));
    EXPECT_EQ(shop.stock_of(item), "3");
    EXPECT_THROW(shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.purchase({.item = item, .buyer = buyer});
        throw std::logic_error("changed my mind");
    }),
                 std::logic_error);
    EXPECT_EQ(shop.stock_of(item), "3");
    // A body that swallows an error does not commit.
    EXPECT_EQ(sqlstate_of([&] {
                  shop.client.transaction([&](vend::transaction &tx) {
                      (void)tx.purchase({.item = item, .buyer = buyer});
                      EXPECT_EQ(sqlstate_of([&] { (void)tx.exec("SELECT 1/0"); }), "22012");
                  });
              }),
              "25P02");
    EXPECT_EQ(shop.stock_of(item), "3");
}

TEST(Transaction, IsRunAgainAfterASerializationFailure) {
    shop_for_tests shop;
    shop_for_tests other;
    const auto item = shop.new_item(5);
    int runs = 0;
    shop.client.transaction([&](vend::transaction &tx) {
        (void)tx.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        (void)tx.exec("SELECT 1 FROM shop.item WHERE id = $1", {item});
        if (++runs == 1) other.exec("UPDATE shop.item SET price = 11 WHERE id = $1", {item});
        (void)tx.exec("UPDATE shop.item SET price = price + 1 WHERE id = $1", {item});
    });
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(shop.exec("SELECT price FROM shop.item WHERE id = $1", {item}), "12");
}

} // namespace
