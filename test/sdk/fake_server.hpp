#pragma once
// A server that answers what the test tells it to. A client cannot tell it from a real one.

#include "unix_listener.hpp"

#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

// Messages of the protocol, as bytes.
namespace wire {

inline std::string number(std::uint32_t value, int bytes) {
    const std::uint32_t ordered = htonl(value);
    return std::string(reinterpret_cast<const char *>(&ordered), 4).substr(4 - bytes);
}

inline std::string message(char type, const std::string &body) {
    return type + number(static_cast<std::uint32_t>(body.size() + 4), 4) + body;
}

inline std::string field(char code, const std::string &text) {
    return code + text + '\0';
}

inline std::string report(char type, const std::string &severity, const std::string &sqlstate,
                          const std::string &text, const std::string &function = "f") {
    return message(type, field('S', severity) + field('V', severity) + field('C', sqlstate) +
                             field('M', text) + field('F', "file.c") + field('L', "1") +
                             field('R', function) + '\0');
}
inline std::string failure(const std::string &severity, const std::string &sqlstate,
                           const std::string &text) {
    return report('E', severity, sqlstate, text);
}
inline std::string notice(const std::string &text, const std::string &function = "f") {
    return report('N', "WARNING", "01000", text, function);
}

inline const std::string ready = message('Z', "I");
inline const std::string bound = message('1', "") + message('2', "");

using row = std::vector<std::optional<std::string>>;

// The answer to a query, without the ReadyForQuery that ends it.
inline std::string answer(const std::vector<row> &rows, std::size_t columns) {
    std::string description = number(static_cast<std::uint32_t>(columns), 2);
    for (std::size_t i = 0; i < columns; ++i)
        description += field('c', "") + number(0, 4) + number(0, 2) + number(25, 4) + number(0xffff, 2) +
                       number(0xffffffff, 4) + number(0, 2);
    std::string all = bound + message('T', description);
    for (const row &one : rows) {
        std::string body = number(static_cast<std::uint32_t>(one.size()), 2);
        for (const auto &value : one)
            body += value ? number(static_cast<std::uint32_t>(value->size()), 4) + *value
                          : number(0xffffffff, 4);
        all += message('D', body);
    }
    return all + message('C', "SELECT 1" + std::string(1, '\0'));
}

} // namespace wire

class fake_server {
  public:
    // One connection of a client.
    class session {
      public:
        session(int file, const fake_server &server) : file_(file), server_(server) {}

        // False when the client has hung up, or the test is over.
        bool send(const std::string &bytes) const {
            std::size_t sent = 0;
            while (sent < bytes.size() && !server_.is_ending_) {
                const auto count =
                    ::send(file_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
                if (count < 0 && errno != EAGAIN) return false;
                if (count < 0) wait(POLLOUT);
                sent += count > 0 ? static_cast<std::size_t>(count) : 0;
            }
            return sent == bytes.size();
        }

        // Sends the bytes again and again until the client hangs up, for longer than any limit of a
        // test.
        void flood(const std::string &bytes) const {
            std::string many;
            while (many.size() < 400000) many += bytes;
            const auto end = std::chrono::steady_clock::now() + flood_time;
            while (std::chrono::steady_clock::now() < end && send(many)) {
            }
        }

        [[nodiscard]] std::string receive(std::size_t count) const {
            std::string bytes;
            while (bytes.size() < count && !server_.is_ending_) {
                if (!wait(POLLIN)) continue;
                std::string part(count - bytes.size(), '\0');
                const auto got = recv(file_, part.data(), part.size(), 0);
                if (got <= 0) return {};
                bytes += part.substr(0, static_cast<std::size_t>(got));
            }
            return bytes.size() == count ? bytes : std::string();
        }

        void wait_for_cancel() const {
            while (server_.cancels == 0 && !server_.is_ending_) usleep(1000);
        }

      private:
        bool wait(short events) const {
            pollfd ready{file_, events, 0};
            return poll(&ready, 1, 20) > 0;
        }

        int file_;
        const fake_server &server_;
    };

    // Answers a query, whose parameters it gets.
    using parameters = std::vector<std::string>;
    using action = std::function<void(const session &, const parameters &)>;

    // Greets a client; false: the connection ends here.
    using welcome = std::function<bool(const session &)>;

    static constexpr std::chrono::seconds flood_time{75};

    explicit fake_server(action on_query, welcome on_connect = {})
        : on_query_(std::move(on_query)), on_connect_(std::move(on_connect)),
          acceptor_([this] { accept_all(); }) {}
    fake_server(const fake_server &) = delete;
    fake_server &operator=(const fake_server &) = delete;
    ~fake_server() {
        is_ending_ = true;
        acceptor_.join();
        for (auto &one : sessions_) one.join();
    }

    [[nodiscard]] const std::string &directory() const { return listener_.directory(); }
    [[nodiscard]] std::string conninfo() const { return conninfo_of(directory()); }
    [[nodiscard]] static std::string conninfo_of(const std::string &hosts) {
        return "port=5432 user=x dbname=x sslmode=disable gssencmode=disable host=" + hosts;
    }

    // A new connection asks for the server's process. Where this is false, on_query answers that too.
    std::atomic<bool> tells_its_process{true};
    std::atomic<int> connections{0};
    std::atomic<int> queries{0}; // that on_query has got
    std::atomic<int> cancels{0};

  private:
    void accept_all() {
        while (!is_ending_) {
            const int client = listener_.accept();
            if (client < 0) continue;
            sessions_.emplace_back([this, client] {
                serve(session(client, *this));
                close(client);
            });
        }
    }

    static std::uint32_t number_in(const std::string &bytes, std::size_t at, std::size_t size = 4) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size && at + i < bytes.size(); ++i)
            value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
        return value;
    }

    // The values in a Bind message.
    static parameters parameters_of(const std::string &bind) {
        std::size_t at = bind.find('\0') + 1;
        at = bind.find('\0', at) + 1;
        at += 2 + 2 * number_in(bind, at, 2);
        parameters found(number_in(bind, at, 2));
        at += 2;
        for (auto &value : found) {
            const std::uint32_t size = number_in(bind, at);
            at += 4;
            if (size == 0xffffffff) continue;
            value = bind.substr(at, size);
            at += size;
        }
        return found;
    }

    void serve(const session &client) {
        constexpr std::uint32_t cancel_request = 80877102;
        const std::string size = client.receive(4);
        const std::string start = client.receive(number_in(size, 0) - 4);
        if (number_in(start, 0) == cancel_request) {
            ++cancels;
            return;
        }
        ++connections;
        if (on_connect_ && !on_connect_(client)) return;
        client.send(wire::message('R', wire::number(0, 4)) +
                    wire::message('S', wire::field('c', "lient_encoding") + wire::field('U', "TF8")) +
                    wire::message('K', wire::number(4711, 4) + wire::number(1, 4)) + wire::ready);
        parameters values;
        bool asks_for_process = false;
        while (!is_ending_) {
            const std::string type = client.receive(1);
            if (type.empty() || type == "X") return;
            const std::string body = client.receive(number_in(client.receive(4), 0) - 4);
            if (type == "P") asks_for_process = tells_its_process && body.find("pg_backend_pid()") < 40;
            if (type == "B") values = parameters_of(body);
            if (type != "S") continue;
            if (asks_for_process) {
                client.send(wire::answer({{"4711"}}, 1) + wire::ready);
                continue;
            }
            ++queries;
            on_query_(client, values);
        }
    }

    action on_query_;
    welcome on_connect_;
    unix_listener listener_{"fake"};
    std::atomic<bool> is_ending_{false};
    std::list<std::thread> sessions_;
    std::thread acceptor_; // the last: it uses all of the others
};
