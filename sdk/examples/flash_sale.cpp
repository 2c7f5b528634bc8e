// A flash sale: many threads buy one item after the other, each thread by itself or all through the
// coalescer. Shows a progress bar and a table, and draws rates and latencies by gnuplot.
//   flash_sale --item lamp --item vase --buyers 5000 --threads 64 --attempts 20000 --picture sale.png
//   dbname=shop
// The buyers are the wallets 1, 2, ... up to --buyers.
#include "picture.hpp"

#include <vend/coalescer.hpp>
#include <vend/vend.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <iomanip>
#include <iostream>
#include <latch>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;
using buy_function = std::function<std::string(const std::string &item, const std::string &buyer)>;

struct arguments {
    std::string conninfo;
    std::vector<std::string> items;
    std::string name;
    std::string run;
    std::string title = "Flash sale";
    std::string figures;
    std::string picture;
    std::optional<std::string> lock_mode;
    int buyers = 1000;
    int threads = 64;
    int attempts = 20000;
    int connections = 0;
    bool is_coalesced = false;
    bool is_naive = false;
    bool is_quiet = false;
};

struct attempt {
    std::chrono::duration<double> end; // since the start
    std::chrono::duration<double, std::milli> latency;
};

// What all threads together have done so far.
struct progress {
    std::atomic<int> begun{0};
    std::atomic<int> done{0};
    std::atomic<int> sold{0};
};

// Shows how far the sale is: a bar that is redrawn on a terminal, elsewhere a line every two seconds.
void follow(const arguments &given, const std::string &name, const progress &now) {
    if (given.is_quiet) return;
    constexpr int width = 40;
    const bool is_terminal = isatty(STDERR_FILENO) != 0;
    const auto pause = is_terminal ? std::chrono::milliseconds(100) : std::chrono::milliseconds(2000);
    auto next = clock_type::now();
    for (bool is_over = false; !is_over;) {
        is_over = now.done >= given.attempts;
        if (is_over || clock_type::now() >= next) {
            const auto share = static_cast<std::int64_t>(now.done) * width / given.attempts;
            std::string bar(static_cast<std::size_t>(std::min<std::int64_t>(share, width)), '#');
            bar.resize(width, '.');
            std::cerr << (is_terminal ? "\r" : "") << std::left << std::setw(18) << name << " [" << bar
                      << "] " << std::right << std::setw(7) << now.done << " of " << given.attempts
                      << " attempts, " << now.sold << " sold" << (is_terminal ? "\033[K" : "\n")
                      << std::flush;
            next += pause;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(is_over ? 0 : 20));
    }
    if (is_terminal) std::cerr << "\r\033[K";
}

// Counts the attempts until the last unit was sold. After that every answer is the same and cheap.
figures figures_of(std::vector<attempt> &all, double rush_seconds) {
    std::erase_if(all, [&](const attempt &one) { return one.end.count() > rush_seconds; });
    std::ranges::sort(all, {}, &attempt::latency);
    const auto latency = [&](double quantile) {
        if (all.empty()) return 0.0;
        return all[static_cast<std::size_t>(quantile * static_cast<double>(all.size() - 1))]
            .latency.count();
    };
    return {.median_ms = latency(0.5), .p99_ms = latency(0.99)};
}

figures sell(const arguments &given, const std::string &item, const std::string &name,
             const buy_function &buy) {
    progress now;
    struct of_thread {
        std::vector<attempt> attempts;
        std::map<std::string, int> answers;
        double last_sale = 0;
    };
    std::vector<of_thread> all(static_cast<std::size_t>(given.threads));
    std::latch ready(given.threads + 1);
    std::vector<std::thread> threads;
    threads.reserve(all.size());
    clock_type::time_point start;
    for (auto &mine : all)
        threads.emplace_back([&] {
            std::minstd_rand chance(std::random_device{}());
            std::uniform_int_distribution<int> buyers(1, given.buyers);
            ready.arrive_and_wait();
            for (; now.begun++ < given.attempts; ++now.done) {
                const auto before = clock_type::now();
                const std::string answer = buy(item, std::to_string(buyers(chance)));
                const auto after = clock_type::now();
                mine.attempts.push_back({after - start, after - before});
                ++mine.answers[answer];
                if (answer != "purchased") continue;
                mine.last_sale = mine.attempts.back().end.count();
                ++now.sold;
            }
        });
    start = clock_type::now();
    ready.arrive_and_wait();
    follow(given, name, now);
    for (auto &thread : threads) thread.join();
    std::vector<attempt> attempts;
    std::map<std::string, int> answers;
    double rush_seconds = 0;
    for (const auto &one : all) {
        attempts.insert(attempts.end(), one.attempts.begin(), one.attempts.end());
        for (const auto &[answer, count] : one.answers) answers[answer] += count;
        rush_seconds = std::max(rush_seconds, one.last_sale);
    }
    figures found = figures_of(attempts, rush_seconds);
    found.run = given.run;
    found.name = name;
    found.attempts = given.attempts;
    found.sold = now.sold;
    found.rate = rush_seconds > 0 ? found.sold / rush_seconds : 0;
    found.answers = answers;
    return found;
}

// A naive shop in tables of its own: it reads the stock, thinks for 3 ms, and writes.
std::string buy_naively(vend::client &shop, const std::string &item, const std::string &buyer) {
    const auto stock = shop.transaction([&](vend::transaction &tx) {
        const auto found = tx.exec("SELECT stock FROM naive.item WHERE id = $1", {item});
        return std::stoll(std::string(found.get(0, 0).value_or("0")));
    });
    if (stock <= 0) return "sold_out";
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    shop.transaction([&](vend::transaction &tx) {
        (void)tx.exec("UPDATE naive.item SET stock = $2 WHERE id = $1", {item, stock - 1});
        (void)tx.exec("INSERT INTO naive.sale (item, buyer) VALUES ($1, $2)", {item, buyer});
    });
    return "purchased";
}

buy_function buyer_of(const arguments &given, vend::client &shop, vend::coalescer *together) {
    return [=, &shop](const std::string &item, const std::string &buyer) -> std::string {
        try {
            if (given.is_naive) return buy_naively(shop, item, buyer);
            const vend::purchase_request request{
                .item = item, .buyer = buyer, .lock_mode = given.lock_mode};
            const auto sale =
                together != nullptr ? together->try_purchase(request) : shop.try_purchase(request);
            return std::string(to_string(sale.status));
        } catch (const vend::error &failure) {
            return failure.sqlstate();
        }
    };
}

// Makes all connections before the clock runs: no transaction ends before each thread has one.
void connect(vend::client &shop, int connections) {
    std::latch asked(connections);
    std::vector<std::jthread> threads;
    threads.reserve(static_cast<std::size_t>(connections));
    for (int i = 0; i < connections; ++i)
        threads.emplace_back([&] {
            shop.transaction([&](vend::transaction &tx) {
                (void)tx.exec("SELECT 1");
                asked.arrive_and_wait();
            });
        });
}

void print(const std::vector<figures> &sales) {
    std::cout << std::left << std::setw(20) << "" << std::right << std::setw(9) << "sold"
              << std::setw(13) << "purchases/s" << std::setw(10) << "p50 ms" << std::setw(10) << "p99 ms"
              << "  answers\n";
    for (const auto &sale : sales) {
        std::cout << std::left << std::setw(20) << sale.name << std::right << std::fixed << std::setw(9)
                  << sale.sold << std::setprecision(0) << std::setw(13) << sale.rate
                  << std::setprecision(2) << std::setw(10) << sale.median_ms << std::setw(10)
                  << sale.p99_ms << "  " << to_text(sale.answers) << '\n';
    }
}

void add_options(CLI::App &app, arguments &given) {
    app.add_option("conninfo", given.conninfo, "where the store is")->default_val("dbname=shop");
    app.add_option("--item", given.items, "what is sold. Several items are sold one after the other")
        ->required();
    app.add_option("--name", given.name, "the name of the item in table and picture");
    app.add_option("--buyers", given.buyers, "wallets 1 to N")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--threads", given.threads)->check(CLI::Range(1, 10000))->capture_default_str();
    app.add_option("--attempts", given.attempts, "for each item")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--lock-mode", given.lock_mode, "atomic, pessimistic or optimistic");
    app.add_option("--connections", given.connections,
                   "of the pool. The default is one for each thread, or 2 with --coalesced");
    app.add_flag("--coalesced", given.is_coalesced, "send purchases of the same time as one batch");
    app.add_flag("--naive", given.is_naive, "sell from the tables naive.item and naive.sale, wrongly");
    app.add_flag("--quiet", given.is_quiet, "show no progress bar and no table");
    app.add_option("--run", given.run, "the group of bars in the picture");
    app.add_option("--figures", given.figures,
                   "a file with the figures of earlier calls; those of this call are added");
    app.add_option("--picture", given.picture, "a .png or .svg file for a picture of all figures");
    app.add_option("--title", given.title, "of the picture")->capture_default_str();
}

} // namespace

int main(int argc, char **argv) try {
    arguments given;
    CLI::App app{"Many buyers, few things"};
    add_options(app, given);
    CLI11_PARSE(app, argc, argv);
    vend::options options;
    options.connections_max = given.connections > 0 ? given.connections
                              : given.is_coalesced  ? 2
                                                    : given.threads;
    vend::client shop{given.conninfo, options};
    std::unique_ptr<vend::coalescer> together;
    if (given.is_coalesced) together = std::make_unique<vend::coalescer>(shop);
    const auto buy = buyer_of(given, shop, together.get());
    connect(shop, options.connections_max);
    std::vector<figures> sales;
    for (const auto &item : given.items)
        sales.push_back(sell(given, item, given.name.empty() ? item : given.name, buy));
    if (!given.is_quiet) print(sales);
    if (!given.figures.empty()) sales = add_figures(given.figures, sales);
    if (!given.picture.empty()) draw(sales, given.title, given.picture);
} catch (const std::exception &failure) {
    std::cerr << failure.what() << '\n';
    return 1;
}
