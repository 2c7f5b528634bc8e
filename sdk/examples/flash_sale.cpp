// A flash sale: threads buy each item in turn, each with its own number of attempts, alone or through
// the coalescer. Shows a progress bar (pv, where it is installed), a table at the end, and a picture of
// rates and latencies (gnuplot).
//   flash_sale --item lamp --item vase --buyers 5000 --threads 64 --attempts 20000 --picture sale.svg
//   dbname=shop
// The buyers are the wallets 1, 2, ... up to --buyers.
#include <vend/coalescer.hpp>
#include <vend/vend.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;
using buy_function = std::function<vend::outcome(const vend::purchase_request &)>;

struct arguments {
    std::string conninfo;
    std::vector<std::string> items;
    std::string picture;
    int buyers = 1000;
    int threads = 64;
    int attempts = 20000;
    int connections = 0;
    bool is_coalesced = false;
    bool is_quiet = false;
};

// What one item's sale came to.
struct figures {
    std::string item;
    std::map<std::string, int> answers;
    double seconds = 0;
    std::vector<float> latencies_ms;

    [[nodiscard]] double rate() const { return static_cast<double>(latencies_ms.size()) / seconds; }
    [[nodiscard]] float latency_ms(double quantile) const {
        return latencies_ms[static_cast<std::size_t>(quantile *
                                                     static_cast<double>(latencies_ms.size() - 1))];
    }
    [[nodiscard]] int sold() const {
        const auto found = answers.find("purchased");
        return found == answers.end() ? 0 : found->second;
    }
};

// Another program that reads what is written to it; none where it is not installed.
class program {
  public:
    explicit program(const std::string &command)
        : pipe_(popen(command.c_str(), "w")) {} // NOLINT(cert-env33-c)
    program(const program &) = delete;
    program(program &&) = delete;
    program &operator=(const program &) = delete;
    program &operator=(program &&) = delete;
    ~program() {
        if (pipe_ != nullptr) pclose(pipe_);
    }
    void write(const std::string &text) {
        if (pipe_ == nullptr) return;
        (void)std::fputs(text.c_str(), pipe_);
        (void)std::fflush(pipe_);
    }

  private:
    FILE *pipe_;
};

bool is_installed(const std::string &name) {
    return std::system(("command -v " + name + " >/dev/null").c_str()) ==
           0; // NOLINT(cert-env33-c,concurrency-mt-unsafe)
}

// A line for each attempt, for pv to count, until all have ended.
void follow(const arguments &given, const std::string &label, const std::atomic<int> &done) {
    if (given.is_quiet || !is_installed("pv")) return;
    program bar("pv -l -N '" + label + "' -s " + std::to_string(given.attempts) + " >/dev/null");
    for (int shown = 0; shown < given.attempts;
         std::this_thread::sleep_for(std::chrono::milliseconds(100))) {
        const int now = std::min(done.load(), given.attempts);
        bar.write(std::string(static_cast<std::size_t>(now - shown), '\n'));
        shown = now;
    }
}

figures sell(const arguments &given, const std::string &item, const buy_function &buy) {
    std::atomic<int> begun{0};
    std::atomic<int> done{0};
    std::vector<figures> of_threads(static_cast<std::size_t>(given.threads));
    std::vector<std::thread> threads;
    threads.reserve(of_threads.size());
    const auto start = clock_type::now();
    for (auto &mine : of_threads)
        threads.emplace_back([&] {
            std::minstd_rand chance(std::random_device{}());
            std::uniform_int_distribution<int> buyers(1, given.buyers);
            for (; begun++ < given.attempts; ++done) {
                const auto before = clock_type::now();
                try {
                    const auto sale = buy({.item = item, .buyer = std::to_string(buyers(chance))});
                    ++mine.answers[std::string(to_string(sale.status))];
                } catch (const vend::error &failure) {
                    ++mine.answers[failure.sqlstate() + ' ' + failure.what()];
                }
                mine.latencies_ms.push_back(
                    std::chrono::duration<float, std::milli>(clock_type::now() - before).count());
            }
        });
    follow(given, item, done);
    for (auto &thread : threads) thread.join();
    figures all;
    all.item = item;
    all.seconds = std::chrono::duration<double>(clock_type::now() - start).count();
    for (const auto &one : of_threads) {
        for (const auto &[answer, count] : one.answers) all.answers[answer] += count;
        all.latencies_ms.insert(all.latencies_ms.end(), one.latencies_ms.begin(),
                                one.latencies_ms.end());
    }
    std::ranges::sort(all.latencies_ms);
    return all;
}

void print(const std::vector<figures> &sales) {
    std::cout << std::left << std::setw(20) << "item" << std::right << std::setw(9) << "sold"
              << std::setw(12) << "attempts/s" << std::setw(10) << "p50 ms" << std::setw(10) << "p99 ms"
              << "  answers\n";
    for (const auto &sale : sales) {
        std::cout << std::left << std::setw(20) << sale.item << std::right << std::fixed << std::setw(9)
                  << sale.sold() << std::setprecision(0) << std::setw(12) << sale.rate()
                  << std::setprecision(2) << std::setw(10) << sale.latency_ms(0.5) << std::setw(10)
                  << sale.latency_ms(0.99) << ' ';
        for (const auto &[answer, count] : sale.answers) std::cout << ' ' << answer << ' ' << count;
        std::cout << '\n';
    }
}

// Rates and latencies side by side.
void draw(const std::vector<figures> &sales, const std::string &file) {
    if (!is_installed("gnuplot")) throw std::runtime_error("gnuplot is not installed");
    program plot("gnuplot");
    plot.write("$sales << EOD\n");
    for (const auto &sale : sales)
        plot.write('"' + sale.item + "\" " + std::to_string(sale.rate()) + ' ' +
                   std::to_string(sale.latency_ms(0.5)) + ' ' + std::to_string(sale.latency_ms(0.99)) +
                   '\n');
    plot.write(
        "EOD\n"
        "set terminal svg size 1000,400 background rgb 'white'\n"
        "set output '" +
        file +
        "'\n"
        "set multiplot layout 1,2\n"
        "set style data histograms\nset style fill solid 0.8\nset boxwidth 0.8\nset yrange [0:*]\nset grid y\n"
        "set title 'attempts a second'\nplot $sales using 2:xtic(1) notitle\n"
        "set title 'latency, ms'\nplot $sales using 3:xtic(1) title 'p50', '' using 4 title 'p99'\n");
}

} // namespace

int main(int argc, char **argv) try {
    arguments given;
    CLI::App app{"Many buyers, few things"};
    app.add_option("conninfo", given.conninfo, "where the store is")->default_val("dbname=shop");
    app.add_option("--item", given.items, "what is sold; several are sold one after the other")
        ->required();
    app.add_option("--buyers", given.buyers, "wallets 1 to N")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--threads", given.threads)->check(CLI::Range(1, 10000))->capture_default_str();
    app.add_option("--attempts", given.attempts, "for each item")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--connections", given.connections,
                   "of the pool; as many as threads, two with --coalesced");
    app.add_flag("--coalesced", given.is_coalesced, "make one batch of what is bought at the same time");
    app.add_flag("--quiet", given.is_quiet, "no progress bar");
    app.add_option("--picture", given.picture, "an SVG file to draw");
    CLI11_PARSE(app, argc, argv);
    vend::options options;
    options.connections_max = given.connections > 0 ? given.connections
                              : given.is_coalesced  ? 2
                                                    : given.threads;
    vend::client shop{given.conninfo, options};
    std::unique_ptr<vend::coalescer> counter;
    if (given.is_coalesced) counter = std::make_unique<vend::coalescer>(shop);
    const buy_function buy = [&](const vend::purchase_request &request) {
        return counter ? counter->try_purchase(request) : shop.try_purchase(request);
    };
    std::vector<figures> sales;
    for (const auto &item : given.items) sales.push_back(sell(given, item, buy));
    print(sales);
    if (!given.picture.empty()) draw(sales, given.picture);
} catch (const std::exception &failure) {
    std::cerr << failure.what() << '\n';
    return 1;
}
