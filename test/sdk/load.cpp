// Buys from many threads until a file appears. Then prints how many calls sold, were refused, ended in
// doubt or failed, and how many attempts were repeated.
//   load CONNINFO ITEM WALLETS THREADS STOP_FILE
#include <vend/vend.hpp>

#include <atomic>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

// False when the file is there, or when its directory is gone because the test has ended.
static bool goes_on(const std::filesystem::path &stop) {
    return !std::filesystem::exists(stop) && std::filesystem::exists(stop.parent_path());
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    const std::string item = argv[2];
    const int wallets = std::stoi(argv[3]);
    const int threads = std::stoi(argv[4]);
    const std::filesystem::path stop = argv[5];
    vend::options options;
    options.connections_max = threads;
    options.connect_ms_max = 1000;
    options.attempt_ms_max = 3000;
    options.call_ms_max = 600000;
    std::atomic<long> retried{0};
    options.on_attempt = [&](const vend::attempt_event &event) { retried += event.attempt > 1 ? 1 : 0; };
    try {
        vend::client shop{argv[1], options};
        std::atomic<long> sold{0};
        std::atomic<long> refused{0};
        std::atomic<long> in_doubt{0};
        std::atomic<long> failed{0};
        std::vector<std::thread> buyers;
        for (int i = 0; i < threads; ++i)
            buyers.emplace_back([&, i] {
                for (int n = 0; goes_on(stop); ++n) try {
                        (shop.try_purchase(
                             {.item = item, .buyer = std::to_string((i + n * threads) % wallets)})
                             ? sold
                             : refused)++;
                    } catch (const vend::error &failure) {
                        std::cerr << failure.sqlstate() << ' ' << failure.what() << '\n';
                        (failure.is_in_doubt() ? in_doubt : failed)++;
                    }
            });
        for (auto &buyer : buyers) buyer.join();
        std::cout << "sold " << sold << " refused " << refused << " in_doubt " << in_doubt << " failed "
                  << failed << " retried " << retried << '\n';
    } catch (const vend::error &failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
