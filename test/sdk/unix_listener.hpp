#pragma once
// A listening Unix socket in a directory of its own, where libpq looks for port 5432.

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

class unix_listener {
  public:
    // The purpose is a part of the directory's name.
    explicit unix_listener(const std::string &purpose) {
        directory_ = "/tmp/vend_" + purpose + ".XXXXXX";
        if (mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("mkdtemp");
        const auto address = address_of(directory_ + "/.s.PGSQL.5432");
        socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(socket_, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0 ||
            listen(socket_, 64) != 0)
            throw std::runtime_error("cannot listen in " + directory_);
    }
    unix_listener(const unix_listener &) = delete;
    unix_listener &operator=(const unix_listener &) = delete;
    ~unix_listener() {
        close(socket_);
        std::filesystem::remove_all(directory_);
    }

    [[nodiscard]] const std::string &directory() const { return directory_; }
    [[nodiscard]] std::string conninfo() const { return "port=5432 host=" + directory_; }

    // The socket of the next client. -1 when none came within 20 ms, so that a thread that accepts can
    // check whether the test is over.
    [[nodiscard]] int accept() const {
        pollfd ready{socket_, POLLIN, 0};
        return poll(&ready, 1, 20) > 0 ? accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC) : -1;
    }

    static sockaddr_un address_of(const std::string &path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        return address;
    }

  private:
    std::string directory_;
    int socket_ = -1;
};
