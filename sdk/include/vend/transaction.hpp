#pragma once
// The caller's own transaction.

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
    // Runs one statement of the caller's own, with $1, $2, ... for the parameters.
    rows exec(std::string_view sql, std::initializer_list<parameter> values = {});

  private:
    friend class client;
    transaction(connection &on, const deadline &until, const std::optional<std::string> &store)
        : connection_(on), until_(until), store_(store) {}

    rows run(call what) override;
    [[nodiscard]] const std::optional<std::string> &default_store() const override { return store_; }

    connection &connection_;
    const deadline &until_;
    const std::optional<std::string> &store_;
};

} // namespace vend
