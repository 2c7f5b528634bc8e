#include "core/uuid.hpp"

#include <gtest/gtest.h>

namespace {

using namespace vend;

constexpr std::array<std::uint8_t, 8> all_ones{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

// The example of RFC 9562, appendix A.6: unix_ts_ms 0x017F22E279B0.
TEST(Uuid, Version7HasTheLayoutOfTheRfc) {
    const Uuid id = make_uuid_v7(0x017F22E279B0ULL * 1000000, all_ones);
    const Uuid expected{0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x70, 0x00,
                        0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    EXPECT_EQ(id, expected);
}

TEST(Uuid, Version7SortsByTimeDownToTheStep) {
    constexpr std::array<std::uint8_t, 8> zeros{};
    constexpr std::uint64_t start_ns = 1700000000123000000;
    constexpr std::uint64_t step_ns = 245;
    for (std::uint64_t ns = start_ns; ns < start_ns + 3000000; ns += step_ns)
        EXPECT_LT(make_uuid_v7(ns, all_ones), make_uuid_v7(ns + step_ns, zeros));
}

// The example of RFC 9562, appendix A.4: www.example.com in the namespace of DNS.
TEST(Uuid, Version5HasTheLayoutOfTheRfc) {
    constexpr std::array<std::uint8_t, 20> sha1{0x2e, 0xd6, 0x65, 0x7d, 0xe9, 0x27, 0x46,
                                                0x8b, 0x55, 0xe1, 0x26, 0x65, 0xa8, 0xae,
                                                0xa6, 0xa2, 0x2d, 0xee, 0x3e, 0x35};
    const Uuid expected{0x2e, 0xd6, 0x65, 0x7d, 0xe9, 0x27, 0x56, 0x8b,
                        0x95, 0xe1, 0x26, 0x65, 0xa8, 0xae, 0xa6, 0xa2};
    EXPECT_EQ(make_uuid_v5(sha1), expected);
}

} // namespace
