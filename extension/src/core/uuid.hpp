#pragma once
// The layouts of ids (RFC 9562). base/ids adds the clock, the random bytes and the hash.

#include <array>
#include <cstdint>
#include <span>

namespace vend {

using Uuid = std::array<std::uint8_t, 16>;

// Version 7: 48 bits of milliseconds since 1970, 12 bits of the fraction of a millisecond (method 3
// of section 6.2), 62 random bits.
constexpr Uuid make_uuid_v7(std::uint64_t nanoseconds, std::span<const std::uint8_t, 8> random) {
    constexpr std::uint64_t ns_per_ms = 1000000;
    const std::uint64_t ms = nanoseconds / ns_per_ms;
    const std::uint64_t fraction = ((nanoseconds % ns_per_ms) << 12) / ns_per_ms;
    Uuid id{};
    for (std::size_t i = 0; i < 6; ++i) id[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    id[6] = static_cast<std::uint8_t>(0x70 | (fraction >> 8));
    id[7] = static_cast<std::uint8_t>(fraction);
    for (std::size_t i = 0; i < 8; ++i) id[8 + i] = random[i];
    id[8] = static_cast<std::uint8_t>(0x80 | (id[8] & 0x3f));
    return id;
}

// Version 5: the first 16 bytes of the SHA-1 of namespace and name.
constexpr Uuid make_uuid_v5(std::span<const std::uint8_t, 20> sha1) {
    Uuid id{};
    for (std::size_t i = 0; i < id.size(); ++i) id[i] = sha1[i];
    id[6] = static_cast<std::uint8_t>(0x50 | (id[6] & 0x0f));
    id[8] = static_cast<std::uint8_t>(0x80 | (id[8] & 0x3f));
    return id;
}

} // namespace vend
