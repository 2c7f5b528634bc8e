#pragma once
// The time when a call has to be over: a point in time, or a request to stop.

#include <chrono>
#include <optional>
#include <stop_token>

namespace vend {

using instant = std::chrono::steady_clock::time_point;

class deadline {
  public:
    explicit deadline(int ms, std::stop_token stop = {});
    ~deadline();
    deadline(const deadline &) = delete;
    deadline &operator=(const deadline &) = delete;

    [[nodiscard]] instant at() const noexcept { return at_; }
    [[nodiscard]] bool has_passed() const noexcept;
    [[nodiscard]] bool is_stopped() const noexcept { return stop_.stop_requested(); }
    [[nodiscard]] const std::stop_token &stop() const noexcept { return stop_; }

    [[nodiscard]] static instant after(int ms) {
        return std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    }

    // So many milliseconds from now, but not later than the deadline.
    [[nodiscard]] instant within(int ms) const;

    // Waits for events of poll() on the socket. False: none came until then, or a stop was requested.
    [[nodiscard]] bool wait(int socket, short events, instant until) const;

    // The same, but a stop does not end it.
    [[nodiscard]] static bool wait_despite_stop(int socket, short events, instant until);

    // Sleeps until the time is over, the deadline has passed or a stop is requested.
    void pause(int ms) const;

  private:
    // Makes the eventfd readable, which ends a wait.
    struct bell {
        int file;
        void operator()() const noexcept;
    };

    instant at_;
    std::stop_token stop_;
    int bell_ = -1; // the eventfd, where a stop is possible
    std::optional<std::stop_callback<bell>> on_stop_;
};

} // namespace vend
