#pragma once
// A proxy between client and server, on Unix sockets, that damages the stream at a given byte.

#include "unix_listener.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <list>
#include <mutex>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

class proxy {
  public:
    enum class direction { to_server, to_client };
    enum class damage {
        none,
        cut,       // closes both sides
        truncate,  // drops the rest of the chunk, then closes both sides
        duplicate, // sends the chunk twice
        delay,     // pauses
        silence,   // passes nothing more until the client hangs up or the delay is over, then closes
    };
    struct plan {
        damage what = damage::none;
        direction where = direction::to_server;
        std::size_t at = 0; // the byte of that direction
        std::chrono::milliseconds delay{0};
        std::size_t life = SIZE_MAX; // closes after so many bytes of both directions in any case
    };

    // The server is at the socket of PGPORT in the directory PGHOST.
    proxy() : acceptor_([this] { accept_all(); }) {}
    proxy(const proxy &) = delete;
    proxy &operator=(const proxy &) = delete;
    ~proxy() {
        is_ending_ = true;
        acceptor_.join();
        for (auto &one : relays_) one.thread.join();
    }

    [[nodiscard]] std::string conninfo() const { return listener_.conninfo(); }

    // Damages the next connection, and none after it.
    void damage_next(plan what) {
        const std::lock_guard lock(mutex_);
        next_ = what;
    }

    // Damages every connection from the next on.
    void damage_all(std::function<plan()> chosen) {
        const std::lock_guard lock(mutex_);
        chosen_ = std::move(chosen);
    }

    // Keeps back the next chunk for the server that contains the text, on any connection. let_pass()
    // sends it, even when its sender has hung up.
    void keep_back_next(std::string text) {
        const std::lock_guard lock(mutex_);
        kept_back_text_ = std::move(text);
    }
    void let_pass() { is_keeping_back_ = false; }
    [[nodiscard]] bool is_keeping_back() const { return is_keeping_back_; }

    // Replaces the text by another one of the same length, in each chunk for the server.
    void replace(std::string text, std::string with) {
        const std::lock_guard lock(mutex_);
        replaced_ = {std::move(text), std::move(with)};
    }

    // Bytes that have passed on all connections.
    [[nodiscard]] std::size_t passed(direction where) const {
        return where == direction::to_server ? to_server_ : to_client_;
    }
    [[nodiscard]] int connections() const { return connections_; }

  private:
    struct relay_thread {
        std::thread thread;
        std::atomic<bool> is_over{false};
    };

    void accept_all() {
        while (!is_ending_) {
            const int client = listener_.accept();
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

    // A test makes thousands of connections, and a thread that is not joined keeps its stack.
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

    // Passes a chunk, damaged as planned. False: the connection ends here.
    bool pass(int client, int to, const char *bytes, std::size_t count, std::size_t before,
              const plan &what) {
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
            wait_for_hangup(client, what.delay);
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

    void wait_for_hangup(int client, std::chrono::milliseconds time) const {
        const auto end = std::chrono::steady_clock::now() + time;
        pollfd hangup{client, POLLRDHUP, 0};
        while (!is_ending_ && std::chrono::steady_clock::now() < end && poll(&hangup, 1, 20) <= 0) {
        }
    }

    void keep_back(std::string_view chunk) {
        {
            const std::lock_guard lock(mutex_);
            if (kept_back_text_.empty() || chunk.find(kept_back_text_) == std::string_view::npos) return;
            kept_back_text_.clear();
        }
        for (is_keeping_back_ = true; is_keeping_back_ && !is_ending_;)
            wait(std::chrono::milliseconds(1));
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
        const auto address = unix_listener::address_of(std::string(std::getenv("PGHOST")) +
                                                       "/.s.PGSQL." + (port == nullptr ? "5432" : port));
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
                    keep_back({bytes, size});
                    replace_in(bytes, size);
                }
                (i == 0 ? to_server_ : to_client_) += size;
                is_open = what.where == where
                              ? pass(client, i == 0 ? server : client, bytes, size, passed[i], what)
                              : send_all(i == 0 ? server : client, bytes, size);
                passed[i] += size;
                is_open = is_open && passed[0] + passed[1] < what.life;
            }
        }
        close(server);
        close(client);
    }

    unix_listener listener_{"proxy"};
    std::atomic<bool> is_ending_{false};
    std::atomic<bool> is_keeping_back_{false};
    std::mutex mutex_;
    std::string kept_back_text_;
    plan next_;
    std::function<plan()> chosen_;
    std::pair<std::string, std::string> replaced_;
    std::atomic<std::size_t> to_server_{0};
    std::atomic<std::size_t> to_client_{0};
    std::atomic<int> connections_{0};
    std::list<relay_thread> relays_;
    std::thread acceptor_; // the last: it uses all of the others
};
