#pragma once
// Ids of requests.

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace vend {

// 128 bits, RFC 9562.
class uuid {
  public:
    using bytes_type = std::array<std::uint8_t, 16>;

    // The nil uuid.
    constexpr uuid() = default;
    explicit constexpr uuid(const bytes_type &bytes) : bytes_(bytes) {}

    // A new one of version 7: milliseconds since 1970, then 74 bits from the operating system. Later
    // ones are greater, those of one millisecond in any order. Throws std::system_error.
    static uuid make_v7();

    // Reads 32 hexadecimal digits, with or without hyphens between the groups. Throws
    // std::invalid_argument.
    static uuid parse(std::string_view text);

    // Groups of lower case digits with hyphens, as PostgreSQL shows it.
    [[nodiscard]] std::string str() const;

    [[nodiscard]] constexpr const bytes_type &bytes() const noexcept { return bytes_; }

    friend constexpr auto operator<=>(const uuid &, const uuid &) = default;

  private:
    bytes_type bytes_{};
};

} // namespace vend
