// Behind PgBouncer in transaction mode, where each transaction may meet another session.
#include "event_loop.hpp"
#include "faults.hpp"

#include <csignal>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

constexpr auto binary = "/usr/sbin/pgbouncer";

constexpr int pool_size = 3;

class pgbouncer {
  public:
    explicit pgbouncer(const std::string &mode) {
        char name[] = "/tmp/vend_pgbouncer.XXXXXX";
        if (mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
        directory_ = name;
        const auto variable = [](const char *of, const char *otherwise) {
            const char *value = std::getenv(of);
            return std::string(value == nullptr ? otherwise : value);
        };
        std::ofstream(directory_ + "/users") << '"' << variable("PGUSER", "postgres") << "\" \"\"\n";
        std::ofstream(directory_ + "/ini")
            << "[databases]\n* = host=" << variable("PGHOST", "/var/run/postgresql")
            << " port=" << variable("PGPORT", "5432")
            << "\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = " << directory_
            << "\nauth_type = trust\nauth_file = " << directory_ << "/users\npool_mode = " << mode
            << "\ndefault_pool_size = " << pool_size
            << "\nmax_client_conn = 500\nlogfile = " << directory_ << "/log\n";
        // PgBouncer refuses to run as root.
        const passwd *somebody = getuid() == 0 ? getpwnam("postgres") : nullptr;
        if (somebody != nullptr)
            for (const auto &path : {directory_, directory_ + "/users", directory_ + "/ini"})
                if (chown(path.c_str(), somebody->pw_uid, somebody->pw_gid) != 0)
                    throw std::runtime_error("chown");
        const auto ini = directory_ + "/ini";
        process_ = fork();
        if (process_ == 0) {
            (void)!freopen("/dev/null", "w", stdout);
            (void)!freopen("/dev/null", "w", stderr);
            if (somebody != nullptr && (setgid(somebody->pw_gid) != 0 || setuid(somebody->pw_uid) != 0))
                _exit(1);
            prctl(PR_SET_PDEATHSIG, SIGKILL); // after setuid(), which would undo it
            execl(binary, binary, "-q", ini.c_str(), nullptr);
            _exit(1);
        }
    }
    pgbouncer(const pgbouncer &) = delete;
    pgbouncer &operator=(const pgbouncer &) = delete;
    ~pgbouncer() {
        kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
        std::filesystem::remove_all(directory_);
    }

    [[nodiscard]] std::string conninfo() const { return "port=6432 host=" + directory_; }

  private:
    std::string directory_;
    pid_t process_ = -1;
};

class Pgbouncer : public testing::Test {
  protected:
    void SetUp() override {
        if (!std::filesystem::exists(binary)) GTEST_SKIP() << "no " << binary;
        between_.emplace(mode());
    }

    [[nodiscard]] virtual std::string mode() const { return "transaction"; }

    std::optional<pgbouncer> between_;
};

// The first call is tried again until PgBouncer listens.
TEST_F(Pgbouncer, SellsFromManyThreads) {
    constexpr int threads = 32;
    constexpr int each = 50;
    shop_for_tests shop;
    const auto item = shop.new_item(threads * each, 1);
    std::mutex mutex;
    std::vector<std::string> failures;
    vend::options options = patient();
    options.connections_max = 16;
    options.on_attempt = [&](const vend::attempt_event &event) {
        const std::lock_guard lock(mutex);
        if (event.outcome == "26000" || event.outcome == "42P05" || event.outcome == "08P01")
            failures.emplace_back(event.outcome);
    };
    vend::client client{between_->conninfo(), options};
    std::vector<std::thread> buyers;
    for (int i = 0; i < threads; ++i)
        buyers.emplace_back([&, buyer = shop.new_wallet(each)] {
            const auto buy = [&](int n) {
                if (n % 10 == 0) {
                    client.transaction([&](vend::transaction &tx) {
                        (void)tx.purchase({.item = item, .buyer = buyer});
                        EXPECT_EQ(text_of(tx.exec("SELECT $1::int", {n})), std::to_string(n));
                    });
                } else if (n % 10 == 1) {
                    const std::vector<vend::purchase_request> one{{.item = item, .buyer = buyer}};
                    EXPECT_TRUE(client.purchase_many(one).at(0));
                } else {
                    (void)client.purchase({.item = item, .buyer = buyer});
                }
            };
            EXPECT_NO_THROW(for (int n = 0; n < each; ++n) buy(n));
        });
    for (auto &buyer : buyers) buyer.join();
    EXPECT_TRUE(failures.empty()) << failures.size() << ' ' << failures.front();
    EXPECT_EQ(shop.stock_of(item), "0");
    EXPECT_TRUE(shop.client.audit().empty());
}

TEST_F(Pgbouncer, ServesAPipeline) {
    constexpr int many = 500;
    shop_for_tests shop;
    const auto item = shop.new_item(many, 1);
    const auto buyer = shop.new_wallet(many);
    vend::pipeline line(between_->conninfo(), patient());
    int sold = 0;
    for (int i = 0; i < many; ++i)
        line.try_purchase({.item = item, .buyer = buyer},
                          [&](const vend::outcome *sale, const std::exception_ptr & /*failure*/) {
                              sold += sale != nullptr && *sale ? 1 : 0;
                          });
    ASSERT_TRUE(drain(line));
    EXPECT_EQ(sold, many);
    EXPECT_EQ(shop.stock_of(item), "0");
    // It leaves its lock_timeout in none of PgBouncer's sessions, which other clients get next.
    std::vector<std::string> limits;
    const std::function<void(int)> look = [&](int sessions) {
        if (sessions == 0) return;
        vend::client next{between_->conninfo()};
        next.transaction([&](vend::transaction &tx) {
            limits.push_back(text_of(tx.exec("SHOW lock_timeout")));
            look(sessions - 1);
        });
    };
    look(pool_size);
    EXPECT_EQ(limits, std::vector<std::string>(pool_size, "0"));
}

// In session mode the client has a session of the server for itself, and restores it.
class PgbouncerSession : public Pgbouncer {
    [[nodiscard]] std::string mode() const override { return "session"; }
};

TEST_F(PgbouncerSession, HandsOnNoSetting) {
    vend::options options;
    options.connections_max = 1;
    vend::client client{between_->conninfo(), options};
    const auto setting = [&] {
        return client.transaction([](vend::transaction &tx) {
            return text_of(tx.exec("SELECT coalesce(current_setting('vend.current_buyer', true), '')"));
        });
    };
    const auto set = [&](bool is_committed) {
        client.transaction([&](vend::transaction &tx) {
            (void)tx.exec("SET vend.current_buyer = 'alpha'");
            (void)tx.exec("SELECT pg_advisory_lock(4711)");
            if (!is_committed) throw std::runtime_error("no");
        });
    };
    const auto locks = [&] {
        return client.transaction([](vend::transaction &tx) {
            return text_of(
                tx.exec("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711"));
        });
    };
    EXPECT_EQ(setting(), "");
    set(true);
    EXPECT_EQ(setting(), "");
    set(true);
    EXPECT_EQ(locks(), "0");
    EXPECT_THROW(set(false), std::runtime_error);
    EXPECT_EQ(locks(), "0");
    EXPECT_THROW(set(false), std::runtime_error);
    EXPECT_EQ(setting(), "");
}

// The caller gets a refusal of PgBouncer at once, in its words.
TEST_F(Pgbouncer, IsQuotedWhenItRefuses) {
    const auto refusal_of = [&](const std::string &more) {
        vend::client client{between_->conninfo() + more};
        try {
            (void)client.available("x");
        } catch (const vend::error &failure) {
            EXPECT_EQ(failure.attempts(), 1) << failure.what();
            return failure.sqlstate() + ' ' + failure.what();
        }
        return std::string("none");
    };
    vend::client client{between_->conninfo()};
    EXPECT_EQ(sqlstate_of([&] { (void)client.available("x"); }), "VN006"); // now it listens
    EXPECT_NE(refusal_of(" options='-c geqo=off'").find("unsupported startup parameter"),
              std::string::npos);
    EXPECT_NE(refusal_of(" dbname=nowhere").find("does not exist"), std::string::npos);
}

// Sessions behind PgBouncer are terminated while calls are under way, one after each ten sales.
TEST_F(Pgbouncer, LosesNothingWithItsSessions) {
    constexpr int threads = 8;
    constexpr int each = 40;
    shop_for_tests shop;
    const auto item = shop.new_item(threads * each, 1);
    vend::client client{between_->conninfo(), patient()};
    std::atomic<int> sold{0};
    std::vector<std::thread> buyers;
    for (int i = 0; i < threads; ++i)
        buyers.emplace_back([&, buyer = shop.new_wallet(each)] {
            for (int n = 0; n < each; ++n, ++sold)
                EXPECT_EQ(sqlstate_of([&] { (void)client.purchase({.item = item, .buyer = buyer}); }),
                          "none");
        });
    for (int wanted = 10; wanted < threads * each; wanted += 10) {
        while (sold < wanted) std::this_thread::sleep_for(1ms);
        shop.exec(
            "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE query LIKE '%try_purchase%' "
            "AND pid <> pg_backend_pid() LIMIT 1) AS one");
    }
    for (auto &buyer : buyers) buyer.join();
    EXPECT_EQ(shop.stock_of(item), "0");
    EXPECT_TRUE(shop.client.audit().empty());
}

} // namespace
