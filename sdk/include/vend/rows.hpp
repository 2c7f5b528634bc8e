#pragma once
// What a statement of the caller's own returns.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

struct pg_result;

namespace vend {

class rows {
  public:
    rows() = default;
    explicit rows(std::shared_ptr<pg_result> result) : result_(std::move(result)) {}

    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] std::size_t columns() const noexcept;
    [[nodiscard]] std::string_view column_name(std::size_t column) const;

    // The value in PostgreSQL's text format, or nothing for NULL. Valid as long as one copy of these
    // rows. Throws std::out_of_range.
    [[nodiscard]] std::optional<std::string_view> get(std::size_t row, std::size_t column) const;

    // The command that the server says it has carried out, such as SELECT, UPDATE or CREATE TABLE.
    [[nodiscard]] std::string_view command() const noexcept;

    // Rows that an INSERT, UPDATE, DELETE or MERGE has written.
    [[nodiscard]] std::uint64_t affected() const noexcept;

  private:
    std::shared_ptr<pg_result> result_;
};

} // namespace vend
