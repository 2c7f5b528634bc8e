#pragma once
// A proxy between client and server, on Unix sockets, that spoils the stream at a given byte.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <list>
#include <mutex>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>

class proxy {
  public:
    enum class direction { to_server, to_client };
    enum class damage {
        none,
        cut,       // both sides are closed there
        truncate,  // the rest of what is on its way is lost, and then the connection
        duplicate, // the chunk is sent twice
        delay,     // nothing goes on for a while
        silence,   // nothing goes on for a while, and then the connection is closed
    };
    struct plan {
        damage what = damage::none;
        direction where = direction::to_server;
        std::size_t at = 0; // bytes that pass before it
        std::chrono::milliseconds delay{0};
        std::size_t life = SIZE_MAX; // bytes of both directions after which it is closed in any case
    };

    // To the socket of PGPORT in the directory PGHOST.
    proxy() {
        char name[] = "/tmp/vend_proxy.XXXXXX";
        if (mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
        directory_ = name;
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto address = address_of(directory_ + "/.s.PGSQL.5432");
        if (bind(listener_, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0 ||
            listen(listener_, 64) != 0)
            throw std::runtime_error("the proxy cannot listen");
        acceptor_ = std::thread([this] { accept_all(); });
    }
    proxy(const proxy &) = delete;
    proxy &operator=(const proxy &) = delete;
    ~proxy() {
        is_ending_ = true;
        acceptor_.join();
        for (auto &one : relays_) one.thread.join();
        close(listener_);
        std::filesystem::remove_all(directory_);
    }

    [[nodiscard]] std::string conninfo() const { return "port=5432 host=" + directory_; }

    // For the next connection; those after it are left alone.
    void spoil_next(plan what) {
        const std::lock_guard lock(mutex_);
        next_ = what;
    }

    // For all connections, from the next on.
    void spoil_all(std::function<plan()> chosen) {
        const std::lock_guard lock(mutex_);
        chosen_ = std::move(chosen);
    }

    // What is next sent to the server, on whichever connection, gets there when it is released, even if
    // its sender has gone away.
    void hold_next() { hold_ = true; }
    void release() { hold_ = is_held_ = false; }
    [[nodiscard]] bool is_held() const { return is_held_; }

    // What is sent to the server says something else, of the same length, wherever a chunk has it.
    void replace(std::string text, std::string with) {
        const std::lock_guard lock(mutex_);
        replaced_ = {std::move(text), std::move(with)};
    }

    // Bytes that have passed, over all connections.
    [[nodiscard]] std::size_t passed(direction where) const {
        return where == direction::to_server ? to_server_ : to_client_;
    }
    [[nodiscard]] int connections() const { return connections_; }

  private:
    struct relay_thread {
        std::thread thread;
        std::atomic<bool> is_over{false};
    };

    static sockaddr_un address_of(const std::string &path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        return address;
    }

    void accept_all() {
        while (!is_ending_) {
            pollfd ready{listener_, POLLIN, 0};
            if (poll(&ready, 1, 20) <= 0) continue;
            const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0) continue;
            plan what;
            {
                const std::lock_guard lock(mutex_);
                what = chosen_ ? chosen_() : std::exchange(next_, {});
            }
            ++connections_;
            reap();
            auto &one = relays_.emplace_back();
            one.thread = std::thread([this, client, what, &one] {
                relay(client, what);
                one.is_over = true;
            });
        }
    }

    // Thousands of connections come and go; a thread that is not joined keeps its stack.
    void reap() {
        relays_.remove_if([](relay_thread &one) {
            if (!one.is_over) return false;
            one.thread.join();
            return true;
        });
    }

    static bool send_all(int to, const char *bytes, std::size_t count) {
        while (count > 0) {
            const auto sent = send(to, bytes, count, MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes += sent;
            count -= static_cast<std::size_t>(sent);
        }
        return true;
    }

    // What is left of the connection after a chunk.
    bool pass(int to, const char *bytes, std::size_t count, std::size_t before, const plan &what) {
        const bool is_hit = what.what != damage::none && before <= what.at && what.at < before + count;
        if (!is_hit) return send_all(to, bytes, count);
        const std::size_t whole = what.at - before;
        switch (what.what) {
        case damage::cut:
        case damage::truncate:
            (void)send_all(to, bytes, whole);
            if (what.what == damage::truncate) wait(std::chrono::milliseconds(1));
            return false;
        case damage::duplicate:
            return send_all(to, bytes, count) && send_all(to, bytes, count);
        case damage::delay:
            return send_all(to, bytes, whole) && wait(what.delay) &&
                   send_all(to, bytes + whole, count - whole);
        case damage::silence:
            (void)send_all(to, bytes, whole);
            (void)wait(what.delay);
            return false;
        case damage::none:
            break;
        }
        return true;
    }

    bool wait(std::chrono::milliseconds time) const {
        const auto end = std::chrono::steady_clock::now() + time;
        while (!is_ending_ && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return !is_ending_;
    }

    void hold() {
        if (!hold_.exchange(false)) return;
        for (is_held_ = true; is_held_ && !is_ending_;) wait(std::chrono::milliseconds(1));
    }

    void replace_in(char *bytes, std::size_t count) {
        const std::lock_guard lock(mutex_);
        const auto &[text, with] = replaced_;
        if (text.empty()) return;
        const auto found = std::string_view(bytes, count).find(text);
        if (found != std::string_view::npos) with.copy(bytes + found, with.size());
    }

    void relay(int client, plan what) {
        const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const char *port = std::getenv("PGPORT");
        const auto address = address_of(std::string(std::getenv("PGHOST")) + "/.s.PGSQL." +
                                        (port == nullptr ? "5432" : port));
        bool is_open =
            connect(server, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;
        std::size_t passed[2] = {0, 0};
        while (is_open && !is_ending_) {
            pollfd ready[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
            if (poll(ready, 2, 20) <= 0) continue;
            for (int i = 0; i < 2 && is_open; ++i) {
                if (ready[i].revents == 0) continue;
                char bytes[4096];
                const auto count = recv(ready[i].fd, bytes, sizeof bytes, 0);
                if (count <= 0) {
                    is_open = false;
                    break;
                }
                const auto size = static_cast<std::size_t>(count);
                const auto where = i == 0 ? direction::to_server : direction::to_client;
                if (where == direction::to_server) {
                    hold();
                    replace_in(bytes, size);
                }
                (i == 0 ? to_server_ : to_client_) += size;
                is_open = what.where == where
                              ? pass(i == 0 ? server : client, bytes, size, passed[i], what)
                              : send_all(i == 0 ? server : client, bytes, size);
                passed[i] += size;
                is_open = is_open && passed[0] + passed[1] < what.life;
            }
        }
        close(server);
        close(client);
    }

    std::string directory_;
    int listener_ = -1;
    std::atomic<bool> is_ending_{false};
    std::atomic<bool> hold_{false};
    std::atomic<bool> is_held_{false};
    std::mutex mutex_;
    plan next_;
    std::function<plan()> chosen_;
    std::pair<std::string, std::string> replaced_;
    std::atomic<std::size_t> to_server_{0};
    std::atomic<std::size_t> to_client_{0};
    std::atomic<int> connections_{0};
    std::thread acceptor_;
    std::list<relay_thread> relays_;
};
