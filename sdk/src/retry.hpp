#pragma once
// When to send a call once more, and after what pause.

#include "libpq.hpp"

#include <vend/error.hpp>
#include <vend/options.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string_view>

namespace vend {

// No answer that counts to this attempt: its time was over, or client and server are out of step, or
// what it committed may be lost with the server. Another one may have one.
class unanswered : public error {
  public:
    using error::error;
};

// Nothing but that the time was over.
class out_of_time : public unanswered {
  public:
    using unanswered::unanswered;
};

// An answer that this library cannot read; another attempt would have the same.
class unreadable : public error {
  public:
    unreadable(std::string_view reason, std::string_view sql, const std::optional<uuid> &id);
};

[[nodiscard]] out_of_time no_answer_in_time(std::string_view sql, bool is_in_doubt);
[[nodiscard]] out_of_time no_connection_in_time(bool is_stopped);
[[nodiscard]] unanswered out_of_step(std::string_view sql);

// It has committed on the server, and perhaps not on the synchronous standby.
[[nodiscard]] unanswered perhaps_not_on_standby(std::string_view sql);

// What another attempt can cure: lost races, sessions and servers that end or begin, a server that is
// full or has become a standby. Not a server or pooler that turns the connection down for good.
[[nodiscard]] bool is_transient(const error &failure);

// Why there was no answer so far, for an error that knows only that the time is over.
class last_reason {
  public:
    void note(const error &failure);

    // Throws the failure that is being handled, with the reason where it has none of its own.
    [[noreturn]] void rethrow(error &failure) const;

    // The same error with the reason.
    [[nodiscard]] error added_to(const error &failure) const;

  private:
    std::shared_ptr<const diagnostics> reason_;
};

// What read() makes of an answer to the statement, under whose id it may have taken place.
template <typename Read>
auto read_answer(std::string_view sql, const std::optional<uuid> &id, Read read) {
    try {
        return read();
    } catch (const std::logic_error &problem) { // of rows, numbers, ids and words
        throw unreadable(problem.what(), sql, id);
    }
}

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
