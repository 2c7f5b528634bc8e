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

    // A new id of version 7: milliseconds since 1970, then 74 random bits from the operating system. Ids
    // of later milliseconds are greater; within one millisecond the order is random. Throws
    // std::system_error when the operating system gives no random bits.
    static uuid make_v7();

    // Reads 32 hexadecimal digits, with or without hyphens between groups. Throws std::invalid_argument
    // for anything else.
    static uuid parse(std::string_view text);

    // Lower case digits in groups with hyphens, as PostgreSQL shows a uuid.
    [[nodiscard]] std::string str() const;

    [[nodiscard]] constexpr const bytes_type &bytes() const noexcept { return bytes_; }

    friend constexpr auto operator<=>(const uuid &, const uuid &) = default;

  private:
    bytes_type bytes_{};
};

} // namespace vend
