#pragma once
// The caller's own transaction.

#include <vend/options.hpp>
#include <vend/store_calls.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace vend {

class connection;
class deadline;

// A parameter of a statement: text, a number, or std::nullopt for NULL.
class parameter {
  public:
    parameter(std::nullopt_t /*null*/) {}                      // NOLINT(google-explicit-constructor)
    parameter(std::string_view text) : text_(text) {}          // NOLINT(google-explicit-constructor)
    parameter(const char *text) : text_(text) {}               // NOLINT(google-explicit-constructor)
    parameter(const std::string &text) : text_(text) {}        // NOLINT(google-explicit-constructor)
    parameter(const numeric &value) : text_(value.str()) {}    // NOLINT(google-explicit-constructor)
    parameter(const uuid &value) : text_(value.str()) {}       // NOLINT(google-explicit-constructor)
    parameter(bool value) : text_(value ? "true" : "false") {} // NOLINT(google-explicit-constructor)
    template <std::integral Integer>
    parameter(Integer value) : text_(std::to_string(value)) {} // NOLINT(google-explicit-constructor)

    [[nodiscard]] const std::optional<std::string> &text() const noexcept { return text_; }

  private:
    std::optional<std::string> text_;
};

// client::transaction() passes it to the caller's function. It lives as long as the function runs. Each
// call is sent once and is not repeated. After an error of the server, further calls throw 25P02.
class transaction : public store_calls {
  public:
    // Runs one statement of the caller's own; $1, $2, ... stand for the parameters. A statement that
    // would end the transaction, such as COMMIT or ROLLBACK, is not sent and throws 2D000; ROLLBACK TO a
    // savepoint is sent. Settings and other changes to the session end with the transaction.
    rows exec(std::string_view sql, std::initializer_list<parameter> values = {});

    // Rolls back what was not committed.
    ~transaction();
    transaction(const transaction &) = delete;
    transaction &operator=(const transaction &) = delete;

  private:
    friend class client;
    transaction(connection &on, const deadline &until, const options &limits,
                bool &may_be_committed_by_others)
        : connection_(on), until_(until), limits_(limits),
          may_be_committed_by_others_(may_be_committed_by_others) {}

    rows run(call what) override;
    [[nodiscard]] const std::optional<std::string> &default_store() const override {
        return limits_.store;
    }
    void note_end(const rows &answer, bool is_to_savepoint);
    void require_open() const;

    connection &connection_;
    const deadline &until_;
    const options &limits_;
    bool &may_be_committed_by_others_; // a pooler, or a statement that it sent, ended the transaction
    bool is_open_ = true;
    bool may_have_changed_session_ = false;      // exec() has run
    std::optional<std::string> server_pid_ = {}; // the server process, asked before COMMIT
};

} // namespace vend
