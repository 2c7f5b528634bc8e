#include <vend/rows.hpp>

#include <cstdlib>
#include <libpq-fe.h>
#include <stdexcept>

namespace vend {

std::size_t rows::size() const noexcept {
    return static_cast<std::size_t>(PQntuples(result_.get()));
}

std::size_t rows::columns() const noexcept {
    return static_cast<std::size_t>(PQnfields(result_.get()));
}

std::string_view rows::column_name(std::size_t column) const {
    if (column >= columns()) throw std::out_of_range("vend::rows: no such column");
    return PQfname(result_.get(), static_cast<int>(column));
}

std::optional<std::string_view> rows::get(std::size_t row, std::size_t column) const {
    if (row >= size() || column >= columns()) throw std::out_of_range("vend::rows: no such value");
    const int r = static_cast<int>(row);
    const int c = static_cast<int>(column);
    if (PQgetisnull(result_.get(), r, c) != 0) return std::nullopt;
    return std::string_view(PQgetvalue(result_.get(), r, c),
                            static_cast<std::size_t>(PQgetlength(result_.get(), r, c)));
}

std::string_view rows::command() const noexcept {
    const std::string_view tag = result_ ? PQcmdStatus(result_.get()) : "";
    const auto number = tag.find_first_of("0123456789"); // as in INSERT 0 1
    return number == std::string_view::npos ? tag : tag.substr(0, number - 1);
}

std::uint64_t rows::affected() const noexcept {
    return result_ ? std::strtoull(PQcmdTuples(result_.get()), nullptr, 10) : 0;
}

} // namespace vend
