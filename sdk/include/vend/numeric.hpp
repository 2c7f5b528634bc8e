#pragma once
// Amounts of money, exactly as the database has them.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace vend {

// A decimal number of any size, as text. It has room for every type of money that a store may use,
// bigint or numeric(p,s). There is no arithmetic.
class numeric {
  public:
    numeric() : text_("0") {}

    template <std::integral Integer>
    numeric(Integer value)
        : text_(std::to_string(value)) {} // NOLINT: so that an amount may be written as 5

    // Reads an optional sign, digits, and optional digits after a point. Throws std::invalid_argument
    // for anything else, such as an exponent or NaN.
    explicit numeric(std::string_view text);

    [[nodiscard]] const std::string &str() const noexcept { return text_; }

    // Throws std::range_error when the value is not whole or does not fit.
    [[nodiscard]] std::int64_t to_int64() const;

    // Compares values: 1.50 equals 1.5.
    friend bool operator==(const numeric &a, const numeric &b);

  private:
    std::string text_;
};

} // namespace vend
