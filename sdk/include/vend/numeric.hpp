#pragma once
// Amounts of money, exactly as the database has them.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace vend {

// A decimal number of any size, as text: what a store's money, bigint or numeric(p,s), needs. No
// arithmetic.
class numeric {
  public:
    numeric() : text_("0") {}

    template <std::integral Integer>
    numeric(Integer value) : text_(std::to_string(value)) {} // NOLINT: 5 is one

    // A sign, digits, and digits after a point, all but one digit optional. Throws
    // std::invalid_argument.
    explicit numeric(std::string_view text);

    [[nodiscard]] const std::string &str() const noexcept { return text_; }

    // Throws std::range_error for a value that is not whole, or no std::int64_t.
    [[nodiscard]] std::int64_t to_int64() const;

    // By value: 1.50 is 1.5.
    friend bool operator==(const numeric &a, const numeric &b);

  private:
    std::string text_;
};

} // namespace vend
