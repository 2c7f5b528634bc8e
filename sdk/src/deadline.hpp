#pragma once
// When a call has to be over: a point in time, or a request to stop.

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

    // The earlier of this and so many milliseconds from now.
    [[nodiscard]] instant within(int ms) const;

    // Waits for events of poll() on the socket; false when there were none until then, or a stop was
    // requested.
    [[nodiscard]] bool wait(int socket, short events, instant until) const;

    // The same, whether or not a stop is requested.
    [[nodiscard]] static bool wait_anyway(int socket, short events, instant until);

    void pause(int ms) const;

  private:
    // Wakes who waits when a stop is requested.
    struct bell {
        int file;
        void operator()() const noexcept;
    };

    instant at_;
    std::stop_token stop_;
    std::optional<std::stop_callback<bell>> on_stop_;
    int bell_ = -1;
};

} // namespace vend
