#pragma once
// Which failures another attempt may cure, and the pauses between attempts.

#include <vend/error.hpp>
#include <vend/options.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace vend {

// An attempt that got no answer that counts: its time was over, client and server are out of step, or
// the server may still lose what it committed. Another attempt may get one.
class unanswered : public error {
  public:
    using error::error;
};

// An attempt whose time was over, for no other reason.
class out_of_time : public unanswered {
  public:
    using unanswered::unanswered;
};

// An answer that this library cannot read. Another attempt would get the same.
class unreadable : public error {
  public:
    unreadable(std::string_view reason, std::string_view sql, const std::optional<uuid> &id);
};

[[nodiscard]] out_of_time no_answer_in_time(std::string_view sql, bool is_in_doubt);
[[nodiscard]] out_of_time no_connection_in_time(bool is_stopped);
[[nodiscard]] unanswered out_of_step(std::string_view sql);

// The server has committed, and the synchronous standby may lack the commit.
[[nodiscard]] unanswered perhaps_not_on_standby(std::string_view sql);

// Whether another attempt may succeed: after lost races, when sessions or servers stop and start, when a
// server is full or has become a standby. Not when a server or pooler refuses the connection for good.
[[nodiscard]] bool is_transient(const error &failure);

// Remembers why the last attempt failed, for the error that reports that the time is over.
class last_reason {
  public:
    void note(const error &failure);

    // Rethrows the exception that is being handled. One that reports only that the time is over gets the
    // reason as its detail.
    [[noreturn]] void rethrow(error &failure) const;

    // The same error with the reason as its detail.
    [[nodiscard]] error added_to(const error &failure) const;

  private:
    std::shared_ptr<const diagnostics> reason_;
};

// Calls read(), which reads an answer. Throws unreadable when it cannot; the call is then in doubt.
template <typename Read>
auto read_answer(std::string_view sql, const std::optional<uuid> &id, Read read) {
    try {
        return read();
    } catch (const std::logic_error &problem) { // thrown by rows, numbers, ids and statuses
        throw unreadable(problem.what(), sql, id);
    }
}

// The pauses before further attempts: random, with a bound that doubles. Without randomness, callers
// that failed together would come back together.
class pauses {
  public:
    // Starts after so many attempts.
    explicit pauses(const options &limits, int attempts = 1);

    [[nodiscard]] int next_ms();

  private:
    void grow();

    int bound_ms_;
    int bound_ms_max_;
};

} // namespace vend
