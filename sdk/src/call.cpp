#include "call.hpp"

#include <charconv>
#include <stdexcept>

namespace vend {
namespace {

template <typename Integer> Integer integer_from(std::string_view text) {
    Integer value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size())
        throw std::invalid_argument("vend: no integer: \"" + std::string(text) + '"');
    return value;
}

} // namespace

std::optional<uuid> call::id() const {
    return ids.size() == 1 ? std::optional(ids.front()) : std::nullopt;
}

bool call::is_answered_by(const rows &found) const {
    if (found.size() < ids.size()) return false;
    if (!ids.empty() && !has_lines && found.size() > ids.size()) return false;
    for (std::size_t row = 0; row < ids.size(); ++row)
        if (id_column >= found.columns() || found.get(row, id_column) != ids[row].str()) return false;
    return true;
}

std::vector<uuid> call::refused_by(const rows &found) const {
    std::vector<uuid> refused;
    for (std::size_t row = 0; row < ids.size(); ++row) {
        const status answer = row_reader(found, row).word();
        // Of these another attempt would hear the same.
        const bool is_fault = answer == status::invalid || answer == status::id_mismatch;
        if (!took_place(answer) && !is_fault) refused.push_back(ids[row]);
    }
    return refused;
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
    return value ? std::optional(integer_from<std::int64_t>(*value)) : std::nullopt;
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
