#pragma once
// When to send a call once more, and after what pause.

#include "libpq.hpp"

#include <vend/error.hpp>
#include <vend/options.hpp>

#include <algorithm>
#include <random>

namespace vend {

// No answer to this attempt: its time was over, or client and server are out of step. Another one may
// have one.
class unanswered : public error {
  public:
    using error::error;
};

// What another attempt can cure: lost races, sessions and servers that end or begin, a server that is
// full or has become a standby.
[[nodiscard]] bool is_transient(const error &failure);

// Jittered, growing pauses, counted from the first attempt.
class pauses {
  public:
    explicit pauses(const options &limits, int attempts = 0)
        : bound_ms_(std::max(limits.pause_ms_min, 1)), bound_ms_max_(std::max(limits.pause_ms_max, 1)) {
        while (--attempts > 0) grow();
    }

    int next_ms() {
        static thread_local std::minstd_rand chance{std::random_device{}()};
        const int ms = std::uniform_int_distribution(0, bound_ms_)(chance);
        grow();
        return ms;
    }

  private:
    void grow() {
        bound_ms_ =
            std::min(bound_ms_ > bound_ms_max_ / 2 ? bound_ms_max_ : 2 * bound_ms_, bound_ms_max_);
    }

    int bound_ms_;
    int bound_ms_max_;
};

} // namespace vend
