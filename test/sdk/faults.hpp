#pragma once
// Faults that the tests cause: damaged connections, silent hosts, sales that cannot commit.

#include "limits.hpp"
#include "proxy.hpp"
#include "shop.hpp"

#include <chrono>
#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>
#include <mutex>
#include <random>
#include <string>

using damage = proxy::damage;
using direction = proxy::direction;
inline constexpr std::chrono::milliseconds until_it_hangs_up = long_time;
inline constexpr direction directions[] = {direction::to_server, direction::to_client};

template <typename Call> std::string sqlstate_of(Call call) {
    try {
        call();
    } catch (const vend::error &failure) {
        return failure.sqlstate();
    }
    return "none";
}

inline std::string sqlstate_of(const std::exception_ptr &failure) {
    return sqlstate_of([&] { std::rethrow_exception(failure); });
}

inline long number_from(const char *variable, long otherwise) {
    const char *text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtol(text, nullptr, 10);
}

// Draws the damage of each connection of a test, all from one seed.
class random_damage {
  public:
    explicit random_damage(unsigned seed) : chance_(seed) {}

    proxy::plan next() {
        const std::lock_guard lock(mutex_);
        constexpr damage all[] = {damage::cut,       damage::cut,   damage::truncate,
                                  damage::duplicate, damage::delay, damage::none};
        auto what = all[draw(std::size(all))];
        if (draw(50) == 0) what = damage::silence;
        const auto delay =
            what == damage::silence ? until_it_hangs_up : std::chrono::milliseconds(draw(5));
        ++plans;
        return {what, directions[draw(2)], draw(3000), delay, draw(12000)};
    }

    std::atomic<long> plans{0};

  private:
    std::size_t draw(std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(chance_);
    }

    std::mutex mutex_;
    std::minstd_rand chance_;
};

inline unsigned seed() {
    const auto chosen = static_cast<unsigned>(
        number_from("SDK_SEED", static_cast<long>(std::random_device{}() % 100000)));
    std::cout << "SDK_SEED=" << chosen << '\n';
    return chosen;
}

// Sends the server what the proxy has kept back, and waits until the session that gets it has done it
// and ended. One more session of the application may be open.
inline void let_pass_and_end(proxy &between, shop_for_tests &shop, const std::string &application) {
    between.let_pass();
    EXPECT_TRUE(eventually([&] {
        return shop.exec("SELECT count(*) <= 1 FROM pg_stat_activity WHERE application_name = $1",
                         {application}) == "t";
    }));
}

// Waits until a purchase of the application waits for a lock.
inline void await_blocked(shop_for_tests &shop, const std::string &application) {
    EXPECT_TRUE(eventually([&] {
        return shop.exec("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                         "AND query LIKE '%try_purchase%' AND application_name = $1",
                         {application}) != "0";
    }));
}

inline std::string kinds_under(shop_for_tests &shop, const vend::uuid &id) {
    return shop.exec("SELECT string_agg(DISTINCT kind, ' ') FROM shop.ledger WHERE id = $1", {id});
}

// A host that listens and never answers.
class silent_server {
  public:
    [[nodiscard]] const std::string &directory() const { return listener_.directory(); }
    [[nodiscard]] std::string conninfo() const { return listener_.conninfo(); }

  private:
    unix_listener listener_{"silent"};
};

// Makes each sale of the item fail at its commit, by a deferred trigger. A ledger may not have one
// itself, so its own trigger writes into a table that has.
class deferred_refusal {
  public:
    deferred_refusal(shop_for_tests &shop, const std::string &item)
        : shop_(shop), name_("refused_" + item) {
        shop_.exec("CREATE TABLE public." + name_ + " (id uuid)");
        shop_.exec("CREATE FUNCTION public." + name_ +
                   "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not at all'; END $$");
        shop_.exec("CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON public." + name_ +
                   " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public." + name_ +
                   "()");
        shop_.exec("CREATE FUNCTION public.note_" + name_ +
                   "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public." + name_ +
                   " VALUES (NEW.id); RETURN NULL; END $$");
        shop_.exec("CREATE TRIGGER " + name_ +
                   " AFTER INSERT ON shop.ledger FOR EACH ROW WHEN (NEW.item = '" + item +
                   "') EXECUTE FUNCTION public.note_" + name_ + "()");
    }
    deferred_refusal(const deferred_refusal &) = delete;
    deferred_refusal &operator=(const deferred_refusal &) = delete;
    ~deferred_refusal() {
        shop_.exec("DROP FUNCTION public.note_" + name_ + " CASCADE");
        shop_.exec("DROP TABLE public." + name_);
        shop_.exec("DROP FUNCTION public." + name_);
    }

  private:
    shop_for_tests &shop_;
    std::string name_;
};
