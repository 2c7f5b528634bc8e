#pragma once
// What goes wrong in the tests, and how long it is borne.

#include "proxy.hpp"
#include "shop.hpp"

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <random>
#include <string>

using damage = proxy::damage;
using direction = proxy::direction;
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

inline vend::options patient() {
    vend::options options;
    options.call_ms_max = 60000;
    options.pause_ms_max = 20;
    return options;
}

// Silence ends with the time of an attempt.
inline vend::options quick() {
    vend::options options = patient();
    options.attempt_ms_max = 100;
    options.connect_ms_max = 100;
    options.cancel_ms_max = 20;
    return options;
}

inline long number_from(const char *variable, long otherwise) {
    const char *text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtol(text, nullptr, 10);
}

// The plans of all connections, drawn from one seed.
class mischief {
  public:
    explicit mischief(unsigned seed) : chance_(seed) {}

    proxy::plan next() {
        const std::lock_guard lock(mutex_);
        constexpr damage all[] = {damage::cut,       damage::cut,   damage::truncate,
                                  damage::duplicate, damage::delay, damage::none};
        auto what = all[draw(std::size(all))];
        if (draw(50) == 0) what = damage::silence;
        const auto delay = what == damage::silence ? std::chrono::milliseconds(300)
                                                   : std::chrono::milliseconds(draw(5));
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

// What the proxy holds gets to the server; then its session has done that and ended, and at most one
// more of the application's is left.
inline void let_arrive(proxy &between, shop_for_tests &shop, const std::string &application) {
    between.release();
    while (shop.exec("SELECT count(*) <= 1 FROM pg_stat_activity WHERE application_name = $1",
                     {application}) != "t")
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

inline std::string kinds_under(shop_for_tests &shop, const vend::uuid &id) {
    return shop.exec("SELECT string_agg(DISTINCT kind, ' ') FROM shop.ledger WHERE id = $1", {id});
}

// Accepts, and says nothing.
class silent_server {
  public:
    silent_server() {
        char name[] = "/tmp/vend_silent.XXXXXX";
        if (mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
        directory_ = name;
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, (directory_ + "/.s.PGSQL.5432").c_str(),
                     sizeof address.sun_path - 1);
        if (bind(listener_, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0 ||
            listen(listener_, 64) != 0)
            throw std::runtime_error("the silent server cannot listen");
    }
    silent_server(const silent_server &) = delete;
    silent_server &operator=(const silent_server &) = delete;
    ~silent_server() {
        close(listener_);
        std::filesystem::remove_all(directory_);
    }

    [[nodiscard]] std::string directory() const { return directory_; }
    [[nodiscard]] std::string conninfo() const { return "port=5432 host=" + directory_; }

  private:
    std::string directory_;
    int listener_ = -1;
};

// Lets no sale of the item commit: a trigger that is deferred, which a ledger may not have itself.
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
