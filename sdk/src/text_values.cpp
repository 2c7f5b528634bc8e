#include "text_values.hpp"

#include <charconv>
#include <stdexcept>
#include <string_view>

namespace vend {
namespace {

std::int64_t integer_from(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size())
        throw std::invalid_argument("vend: not an integer: \"" + std::string(text) + '"');
    return value;
}

} // namespace

std::string text_of(bool value) {
    return value ? "true" : "false";
}

std::optional<std::string> text_of(std::optional<std::int64_t> value) {
    return value ? std::optional(std::to_string(*value)) : std::nullopt;
}

std::optional<std::string> text_of(const std::optional<numeric> &amount) {
    return amount ? std::optional(amount->str()) : std::nullopt;
}

void array_literal::add(const std::optional<std::string> &element) {
    if (text_.size() > 1) text_ += ',';
    if (!element) {
        text_ += "NULL";
        return;
    }
    text_ += '"';
    for (const char c : *element) {
        if (c == '"' || c == '\\') text_ += '\\';
        text_ += c;
    }
    text_ += '"';
}

std::optional<std::string> row_reader::text() {
    const auto value = rows_.get(row_, column_++);
    return value ? std::optional(std::string(*value)) : std::nullopt;
}

std::optional<std::int64_t> row_reader::integer() {
    const auto value = rows_.get(row_, column_++);
    return value ? std::optional(integer_from(*value)) : std::nullopt;
}

std::optional<numeric> row_reader::amount() {
    const auto value = rows_.get(row_, column_++);
    return value ? std::optional(numeric(*value)) : std::nullopt;
}

std::optional<uuid> row_reader::id() {
    const auto value = rows_.get(row_, column_++);
    return value ? std::optional(uuid::parse(*value)) : std::nullopt;
}

std::optional<timestamp> row_reader::at() {
    const auto microseconds = integer();
    return microseconds ? std::optional(timestamp(std::chrono::microseconds(*microseconds)))
                        : std::nullopt;
}

} // namespace vend
