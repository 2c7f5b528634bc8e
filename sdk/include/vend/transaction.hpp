#pragma once
// The caller's own transaction.

#include <vend/options.hpp>
#include <vend/verbs.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace vend {

class connection;
class deadline;

// A parameter: text, a number, or nothing for NULL.
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

// What client::transaction() hands to the caller's function, and lives as long as that runs. Calls are
// sent as they are made. An error of the server ends the transaction: what is called after that throws
// 25P02.
class transaction : public verbs {
  public:
    // Runs one statement of the caller's own, with $1, $2, ... for the parameters. COMMIT, ROLLBACK and
    // whatever else would end the transaction is 2D000 and not sent; ROLLBACK TO a savepoint is fine.
    // What it leaves in the session ends with the transaction.
    rows exec(std::string_view sql, std::initializer_list<parameter> values = {});

    // Undoes what was not committed.
    ~transaction();
    transaction(const transaction &) = delete;
    transaction &operator=(const transaction &) = delete;

  private:
    friend class client;
    transaction(connection &on, const deadline &until, const options &limits, bool &may_be_committed)
        : connection_(on), until_(until), limits_(limits), may_be_committed_(may_be_committed) {}

    rows run(call what) override;
    [[nodiscard]] const std::optional<std::string> &default_store() const override {
        return limits_.store;
    }
    void look_whether_open(const rows &found, bool is_to_savepoint);
    void require_open() const;

    connection &connection_;
    const deadline &until_;
    const options &limits_;
    bool &may_be_committed_; // though not by us
    bool is_open_ = true;
    bool may_have_changed_session_ = false;  // statements of the caller's own were run
    std::optional<std::string> server_ = {}; // the process that served it
};

} // namespace vend
