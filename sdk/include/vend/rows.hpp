#pragma once
// The rows that a statement returns.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

struct pg_result;

namespace vend {

// Copies share the same result.
class rows {
  public:
    rows() = default;
    explicit rows(std::shared_ptr<pg_result> result) : result_(std::move(result)) {}

    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] std::size_t columns() const noexcept;
    [[nodiscard]] std::string_view column_name(std::size_t column) const;

    // The value in PostgreSQL's text format, or nothing for NULL. It is valid as long as a copy of these
    // rows exists. Throws std::out_of_range.
    [[nodiscard]] std::optional<std::string_view> get(std::size_t row, std::size_t column) const;

    // The command that the server reports: SELECT, UPDATE, CREATE TABLE, ...
    [[nodiscard]] std::string_view command() const noexcept;

    // The number of rows that an INSERT, UPDATE, DELETE or MERGE has written.
    [[nodiscard]] std::uint64_t affected() const noexcept;

  private:
    std::shared_ptr<pg_result> result_;
};

} // namespace vend
