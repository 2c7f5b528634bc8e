// Makes many purchases on one connection, in an event loop around epoll. No thread waits for a single
// one.
//   event_loop ITEM BUYER PURCHASES [CONNINFO]
#include <vend/vend.hpp>

#include <iostream>
#include <map>
#include <string>
#include <sys/epoll.h>
#include <unistd.h>

namespace {

// Registers the pipeline's socket, which may be another one after each process().
void watch(int loop, const vend::pipeline &shop, int *watched) {
    const int socket = shop.socket();
    if (socket < 0) {
        *watched = -1;
        return;
    }
    epoll_event event{};
    event.events = (shop.wants_to_read() ? EPOLLIN : 0U) | (shop.wants_to_write() ? EPOLLOUT : 0U);
    event.data.fd = socket;
    if (socket != *watched || epoll_ctl(loop, EPOLL_CTL_MOD, socket, &event) != 0)
        if (epoll_ctl(loop, EPOLL_CTL_ADD, socket, &event) != 0)
            epoll_ctl(loop, EPOLL_CTL_MOD, socket, &event);
    *watched = socket;
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 4) {
        std::cerr << "usage: event_loop ITEM BUYER PURCHASES [CONNINFO]\n";
        return 2;
    }
    try {
        vend::pipeline shop{argc > 4 ? argv[4] : "dbname=shop"};
        std::map<std::string, int> counts;
        for (int left = std::stoi(argv[3]); left > 0; --left)
            shop.try_purchase(
                {.item = argv[1], .buyer = argv[2]},
                [&counts](const vend::outcome *sale, const std::exception_ptr & /*failure*/) {
                    ++counts[sale != nullptr ? std::string(to_string(sale->status)) : "failed"];
                });
        const int loop = epoll_create1(EPOLL_CLOEXEC);
        int watched = -1;
        for (;;) {
            shop.process();
            if (shop.pending() == 0) break; // nothing more would wake the loop
            watch(loop, shop, &watched);
            epoll_event ready{};
            epoll_wait(loop, &ready, 1, shop.timeout_ms());
        }
        close(loop);
        for (const auto &[what, count] : counts) std::cout << what << ' ' << count << '\n';
    } catch (const std::exception &failure) {
        std::cerr << failure.what() << '\n';
        return 2;
    }
}
