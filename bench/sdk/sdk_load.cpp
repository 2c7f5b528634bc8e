// Threads buy one item for some seconds; each makes its next purchase when it has the answer to the last.
// Prints the rate, latencies and the processor time of this process for each purchase, as JSON. A
// purchase that is refused or fails ends the program.
#include <vend/coalescer.hpp>
#include <vend/vend.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <fstream>
#include <functional>
#include <hiredis/hiredis.h>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

struct arguments {
    std::string how;
    std::string where;
    std::string item = "hot";
    std::string script;
    int wallets = 100000;
    int threads = 1;
    int connections = 0;
    int seconds = 4;
    int warmup = 2;
};

// One purchase for a buyer by a thread.
using buy_function = std::function<void(int thread, const std::string &buyer)>;

void require(bool is_sold, const std::string &what) {
    if (!is_sold) throw std::runtime_error("not sold: " + what);
}

vend::client client_for(const arguments &given) {
    vend::options options;
    options.connections_max = given.connections > 0 ? given.connections : given.threads;
    return vend::client{given.where, options};
}

buy_function buy_alone(const arguments &given) {
    auto shop = std::make_shared<vend::client>(client_for(given));
    return [shop, item = given.item](int, const std::string &buyer) {
        const auto sale = shop->try_purchase({.item = item, .buyer = buyer});
        require(static_cast<bool>(sale), sale.detail);
    };
}

buy_function buy_together(const arguments &given) {
    auto counter = std::make_shared<vend::coalescer>(client_for(given));
    return [counter, item = given.item](int, const std::string &buyer) {
        const auto sale = counter->try_purchase({.item = item, .buyer = buyer});
        require(static_cast<bool>(sale), sale.detail);
    };
}

struct free_redis {
    void operator()(redisContext *context) const noexcept { redisFree(context); }
    void operator()(redisReply *reply) const noexcept { freeReplyObject(reply); }
};
using redis_ptr = std::unique_ptr<redisContext, free_redis>;
using reply_ptr = std::unique_ptr<redisReply, free_redis>;

template <typename... Values> reply_ptr ask(redisContext *redis, const char *format, Values... values) {
    reply_ptr reply(static_cast<redisReply *>(redisCommand(redis, format, values...)));
    if (!reply) throw std::runtime_error(redis->errstr);
    if (reply->type == REDIS_REPLY_ERROR) throw std::runtime_error(reply->str);
    return reply;
}

redis_ptr connected(const std::string &socket) {
    redis_ptr redis(redisConnectUnix(socket.c_str()));
    if (!redis || redis->err != 0) throw std::runtime_error("no connection to Redis");
    return redis;
}

buy_function buy_in_redis(const arguments &given) {
    std::ifstream file(given.script);
    std::stringstream script;
    script << file.rdbuf();
    const auto first = connected(given.where);
    // In one go, and to the disk once.
    ask(first.get(), "EVAL %s 1 wallet %d",
        "for i = 1, ARGV[1] do redis.call('HSET', KEYS[1], i, '1000000000000') end", given.wallets);
    ask(first.get(), "HSET stock %s 1000000000000", given.item.c_str());
    const std::string digest = ask(first.get(), "SCRIPT LOAD %s", script.str().c_str())->str;
    auto connections = std::make_shared<std::vector<redis_ptr>>();
    for (int i = 0; i < given.threads; ++i) connections->push_back(connected(given.where));
    return [connections, digest, item = given.item](int thread, const std::string &buyer) {
        const auto reply = ask((*connections)[static_cast<std::size_t>(thread)].get(),
                               "EVALSHA %s 4 stock wallet holding ledger %s %s 1 10", digest.c_str(),
                               item.c_str(), buyer.c_str());
        require(reply->integer == 1, "by Redis");
    };
}

buy_function buyer_of(const arguments &given) {
    if (given.how == "alone") return buy_alone(given);
    if (given.how == "coalesced") return buy_together(given);
    return buy_in_redis(given);
}

double cpu_seconds() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

struct figures {
    std::vector<float> latencies_ms;
    double cpu = 0;
};

figures measure(const arguments &given, const buy_function &buy) {
    const auto begin = clock_type::now() + std::chrono::seconds(given.warmup);
    const auto end = begin + std::chrono::seconds(given.seconds);
    std::vector<std::vector<float>> of_threads(static_cast<std::size_t>(given.threads));
    std::atomic<bool> is_broken{false};
    std::string problem;
    std::vector<std::thread> threads;
    for (int i = 0; i < given.threads; ++i)
        threads.emplace_back([&, i] {
            std::minstd_rand chance(static_cast<unsigned>(i + 1) ^
                                    static_cast<unsigned>(std::random_device{}()));
            std::uniform_int_distribution<int> wallets(1, given.wallets);
            try {
                for (auto now = clock_type::now(); now < end && !is_broken;) {
                    buy(i, std::to_string(wallets(chance)));
                    const auto done = clock_type::now();
                    if (now >= begin && done < end)
                        of_threads[static_cast<std::size_t>(i)].push_back(
                            std::chrono::duration<float, std::milli>(done - now).count());
                    now = done;
                }
            } catch (const std::exception &failure) {
                if (!is_broken.exchange(true)) problem = failure.what();
            }
        });
    std::this_thread::sleep_until(begin);
    figures found;
    found.cpu = cpu_seconds();
    std::this_thread::sleep_until(end);
    found.cpu = cpu_seconds() - found.cpu;
    for (auto &thread : threads) thread.join();
    if (is_broken) throw std::runtime_error(problem);
    for (const auto &of_thread : of_threads)
        found.latencies_ms.insert(found.latencies_ms.end(), of_thread.begin(), of_thread.end());
    if (found.latencies_ms.empty()) throw std::runtime_error("nothing was sold in that time");
    std::ranges::sort(found.latencies_ms);
    return found;
}

} // namespace

int main(int argc, char **argv) {
    arguments given;
    CLI::App app{"Buys one item with many threads"};
    app.add_option("how", given.how)->required()->check(CLI::IsMember({"alone", "coalesced", "redis"}));
    app.add_option("where", given.where, "conninfo, or the socket of Redis")->required();
    app.add_option("--item", given.item);
    app.add_option("--script", given.script, "for Redis, in Lua");
    app.add_option("--wallets", given.wallets)->check(CLI::PositiveNumber);
    app.add_option("--threads", given.threads)->check(CLI::PositiveNumber);
    app.add_option("--connections", given.connections, "of the pool; as many as threads");
    app.add_option("--seconds", given.seconds)->check(CLI::PositiveNumber);
    app.add_option("--warmup", given.warmup)->check(CLI::NonNegativeNumber);
    CLI11_PARSE(app, argc, argv);
    try {
        const auto found = measure(given, buyer_of(given));
        const auto count = found.latencies_ms.size();
        std::cout << "{\"rates\": " << static_cast<double>(count) / given.seconds
                  << ", \"cpu_us\": " << 1e6 * found.cpu / static_cast<double>(count)
                  << ", \"p50_ms\": " << found.latencies_ms[count / 2]
                  << ", \"p99_ms\": " << found.latencies_ms[count * 99 / 100] << "}\n";
    } catch (const std::exception &failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
