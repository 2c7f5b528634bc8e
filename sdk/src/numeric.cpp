#include <vend/numeric.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace vend {
namespace {

bool is_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

struct parts {
    bool is_negative;
    std::string_view whole;    // without leading zeros
    std::string_view fraction; // without trailing zeros
};

parts parts_of(std::string_view text) {
    parts found{text.starts_with('-'), text, {}};
    if (text.starts_with('-') || text.starts_with('+')) found.whole.remove_prefix(1);
    if (const auto point = found.whole.find('.'); point != std::string_view::npos) {
        found.fraction = found.whole.substr(point + 1);
        found.whole = found.whole.substr(0, point);
    }
    found.whole.remove_prefix(std::min(found.whole.find_first_not_of('0'), found.whole.size()));
    found.fraction = found.fraction.substr(0, found.fraction.find_last_not_of('0') + 1);
    if (found.whole.empty() && found.fraction.empty()) found.is_negative = false;
    return found;
}

} // namespace

numeric::numeric(std::string_view text) : text_(text) {
    const parts found = parts_of(text);
    if (std::ranges::none_of(text, [](char c) { return c >= '0' && c <= '9'; }) ||
        !is_digits(found.whole) || !is_digits(found.fraction))
        throw std::invalid_argument("vend: not a decimal number: \"" + text_ + '"');
}

std::int64_t numeric::to_int64() const {
    const parts found = parts_of(text_);
    const std::string whole =
        (found.is_negative ? "-" : "") + std::string(found.whole.empty() ? "0" : found.whole);
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
    if (!found.fraction.empty() || problem != std::errc{})
        throw std::range_error("vend: not a 64-bit integer: " + text_);
    return value;
}

bool operator==(const numeric &a, const numeric &b) {
    const parts of_a = parts_of(a.text_);
    const parts of_b = parts_of(b.text_);
    return of_a.is_negative == of_b.is_negative && of_a.whole == of_b.whole &&
           of_a.fraction == of_b.fraction;
}

} // namespace vend
