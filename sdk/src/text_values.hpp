#pragma once
// Values in PostgreSQL's text format: parameters that are sent, and columns that are read.

#include "status.hpp"

#include <vend/numeric.hpp>
#include <vend/outcome.hpp>
#include <vend/rows.hpp>
#include <vend/uuid.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace vend {

[[nodiscard]] std::string text_of(bool value);
[[nodiscard]] std::optional<std::string> text_of(std::optional<std::int64_t> value);
[[nodiscard]] std::optional<std::string> text_of(const std::optional<numeric> &amount);
[[nodiscard]] inline std::optional<std::string> text_of(const std::optional<std::string> &text) {
    return text;
}

// Builds the literal of an array.
class array_literal {
  public:
    void add(const std::optional<std::string> &element);
    [[nodiscard]] std::string str() const { return text_ + '}'; }

  private:
    std::string text_ = "{";
};

// An array of what get() returns for each element.
template <typename Elements, typename Get>
[[nodiscard]] std::string array(const Elements &elements, Get get) {
    array_literal array;
    for (const auto &element : elements) array.add(get(element));
    return array.str();
}

// An array of optional values: of what get() returns for each element. NULL when no element has one.
template <typename Elements, typename Get>
[[nodiscard]] std::optional<std::string> optional_array(const Elements &elements, Get get) {
    if (std::ranges::none_of(elements, [&](const auto &element) { return get(element).has_value(); }))
        return std::nullopt;
    return array(elements, [&](const auto &element) { return text_of(get(element)); });
}

// Reads one row, column after column. Throws std::logic_error for a value that cannot be read.
class row_reader {
  public:
    row_reader(const rows &of, std::size_t row, std::size_t column = 0)
        : rows_(of), row_(row), column_(column) {}

    std::optional<std::string> text();
    std::string required_text() { return text().value_or(""); }
    std::optional<std::int64_t> integer();
    std::optional<numeric> amount();
    std::optional<uuid> id();
    std::optional<timestamp> at(); // sent as microseconds since 1970
    vend::status status() { return status_from(rows_.get(row_, column_++).value_or("")); }

  private:
    const rows &rows_;
    std::size_t row_;
    std::size_t column_;
};

} // namespace vend
