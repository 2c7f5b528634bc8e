#pragma once
// One session of the server: a statement is sent, and answered within a limit of time.

#include "call.hpp"
#include "conninfo.hpp"
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
    // Tries the hosts in their order. When none can be reached, throws the error of one that another
    // attempt may reach, or else the error of the last host.
    connection(const conninfo &where, const options &limits, const deadline &until);

    // Sends a statement and returns its answer. At attempt_end, or when the call is stopped, it cancels
    // the statement and waits limits.cancel_ms_max longer for an answer. An error says whether the
    // statement may have taken place all the same. is_repeated: the text is a constant, which is worth
    // preparing.
    rows execute(const char *sql, parameters values, const deadline &until, instant attempt_end,
                 bool is_repeated);

    // The same for a call of this library. Throws when the answer belongs to another call.
    rows ask(const call &what, const deadline &until, instant attempt_end);

    // Rolls back an open transaction, or gives the session up.
    void roll_back(const deadline &until) noexcept;

    // Undoes what the caller's own statements have left in the session: settings, role, temporary
    // tables, locks, cursors, prepared statements, LISTEN. Gives the session up when that fails, or when
    // a pooler may have given the transaction another session. pid: the process that served the
    // transaction, if the server was asked.
    void restore(const std::optional<std::string> &pid, const deadline &until) noexcept;

    // The pool closes a session that was given up.
    void give_up() noexcept { is_broken_ = true; }

    // The server has dropped the prepared statements.
    void forget_prepared() noexcept { prepared_.clear(); }

    [[nodiscard]] bool is_in_transaction() const;

    // No further statement can be sent.
    [[nodiscard]] bool is_broken() const;

    // Not broken, and in no transaction.
    [[nodiscard]] bool is_idle() const;

    // Reads what has arrived at an idle session. False: the server has ended the session, sent something
    // that nobody asked for, or sends more than one look can read.
    [[nodiscard]] bool is_alive();

    [[nodiscard]] instant used_at() const noexcept { return used_at_; }

  private:
    void connect(const conninfo &where, std::size_t host, const deadline &until);
    void find_pooler(const deadline &until);
    void send(const char *sql, parameters values, const char *prepared);
    const char *prepared_name(const char *sql, const deadline &until, instant attempt_end);
    result_ptr answer(std::string_view sql, const deadline &until, instant attempt_end);
    // Gives the session up and throws the failure, with its own type.
    template <typename Failure> [[noreturn]] void break_off(const Failure &failure) {
        is_broken_ = true;
        throw failure;
    }
    bool wait_for_answer(const deadline *until, instant end);
    void require_durable(std::string_view sql, bool is_cancelled);
    void cancel();

    connection_ptr connection_;
    const options &limits_;
    bool is_pooled_ = false;
    bool may_prepare_ = false;
    bool is_broken_ = false;
    session_notices notices_;
    instant used_at_{};
    std::unordered_map<const char *, std::string> prepared_;
    int prepared_total_ = 0; // a name is used once
};

} // namespace vend
