#pragma once
// One session: what is sent, and the answer, within a time.

#include "call.hpp"
#include "deadline.hpp"
#include "libpq.hpp"

#include <vend/options.hpp>
#include <vend/rows.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace vend {

using parameters = std::span<const std::optional<std::string>>;

class connection {
  public:
    // Tries the hosts in their order. Throws the error of the last, or of one that another attempt may
    // reach.
    connection(const conninfo &where, const options &limits, const deadline &until);

    // Sends the statement and waits for its answer until the time has come; then cancels it and waits
    // limits.cancel_ms_max longer. An error says whether it may have taken place all the same: so is a
    // COMMIT that says success after it was cancelled, as it may not be on the synchronous standby.
    // is_repeated: the SQL is a constant, which may be prepared.
    rows execute(const char *sql, parameters values, const deadline &until, instant attempt_end,
                 bool is_repeated);

    // The same, for a call of this library.
    rows ask(const call &what, const deadline &until, instant attempt_end);

    // Ends a transaction that was not committed, or the session.
    void roll_back(const deadline &until) noexcept;

    // Undoes what statements of the caller's own have left in the session: settings, role, temporary
    // tables, locks, cursors, what it prepared and listens to. Where that fails, or cannot be known to
    // reach the session of the transaction, the session is not used again. pid: of the process that
    // served the transaction, where the server was asked.
    void restore(const std::optional<std::string> &pid, const deadline &until) noexcept;

    // The session is not used again.
    void give_up() noexcept { is_broken_ = true; }

    // The server has done away with what we have prepared.
    void forget_prepared() noexcept { prepared_.clear(); }

    [[nodiscard]] bool is_in_transaction() const;

    // Nothing more can be asked.
    [[nodiscard]] bool is_broken() const;

    // In no transaction, and not known to be broken.
    [[nodiscard]] bool is_idle() const;

    // Looks whether the server has ended it, or has said what nobody asked, or says more than can be
    // read at once.
    [[nodiscard]] bool is_alive();

    [[nodiscard]] instant used_at() const noexcept { return used_at_; }

  private:
    void connect(const conninfo &where, std::size_t host, const deadline &until);
    void find_pooler(const deadline &until);
    void send(const char *sql, parameters values, const char *prepared);
    const char *prepared_name(const char *sql, const deadline &until, instant attempt_end);
    result_ptr answer(std::string_view sql, const deadline &until, instant attempt_end);
    // Throws the failure; the session is not used again.
    template <typename Failure> [[noreturn]] void break_off(const Failure &failure) {
        is_broken_ = true;
        throw failure; // of its own type
    }
    bool wait_for_answer(const deadline *until, instant end);
    void require_kept(std::string_view sql, bool is_cancelled);
    void cancel();

    connection_ptr connection_;
    const options &limits_;
    bool is_pooled_ = false;
    bool may_prepare_ = false;
    bool is_broken_ = false;
    session_notices notices_;
    instant used_at_{};
    std::unordered_map<const char *, std::string> prepared_;
    int prepared_total_ = 0; // names are not used again
};

} // namespace vend
