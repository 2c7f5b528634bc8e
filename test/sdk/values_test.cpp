#include <vend/vend.hpp>

#include <gtest/gtest.h>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

namespace {

TEST(Uuid, ReadsWhatItWrites) {
    const auto id = vend::uuid::make_v7();
    EXPECT_EQ(vend::uuid::parse(id.str()), id);
    EXPECT_EQ(id.str()[14], '7');
    EXPECT_NE(std::string("89ab").find(id.str()[19]), std::string::npos);
    EXPECT_EQ(vend::uuid::parse("00112233445566778899AABBCCDDEEFF").str(),
              "00112233-4455-6677-8899-aabbccddeeff");
    for (const char *bad :
         {"", "0", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeeff0",
          "00112233-4455-6677-8899-aabbccddeefg", "-00112233445566778899aabbccddeeff"})
        EXPECT_THROW((void)vend::uuid::parse(bad), std::invalid_argument) << bad;
}

TEST(Uuid, OfVersion7DifferAndGrow) {
    std::set<vend::uuid> ids;
    for (int i = 0; i < 10000; ++i) ids.insert(vend::uuid::make_v7());
    EXPECT_EQ(ids.size(), 10000U);
    const auto before = vend::uuid::make_v7();
    usleep(3000); // the time in an id has milliseconds
    EXPECT_LT(before, vend::uuid::make_v7());
}

// A child process has a copy of every random generator of its parent.
TEST(Uuid, DifferAfterAFork) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    const std::string mine = vend::uuid::make_v7().str().substr(15);
    if (child == 0) {
        const auto written = write(ends[1], mine.data(), mine.size());
        _exit(written == static_cast<ssize_t>(mine.size()) ? 0 : 1);
    }
    char theirs[22] = "";
    ASSERT_EQ(read(ends[0], theirs, 21), 21);
    EXPECT_NE(mine, theirs);
    waitpid(child, nullptr, 0);
    close(ends[0]);
    close(ends[1]);
}

TEST(Numeric, IsExact) {
    EXPECT_EQ(vend::numeric("123456789012345678901234567890.12").str(),
              "123456789012345678901234567890.12");
    EXPECT_EQ(vend::numeric(-5).str(), "-5");
    EXPECT_EQ(vend::numeric("1.50"), vend::numeric("01.5"));
    EXPECT_EQ(vend::numeric("-0.0"), vend::numeric(0));
    EXPECT_FALSE(vend::numeric("1.5") == vend::numeric("-1.5"));
    EXPECT_FALSE(vend::numeric("15") == vend::numeric("1.5"));
    EXPECT_EQ(vend::numeric("9223372036854775807.000").to_int64(), INT64_MAX);
    EXPECT_EQ(vend::numeric("-9223372036854775808").to_int64(), INT64_MIN);
    EXPECT_EQ(vend::numeric(".0").to_int64(), 0);
    EXPECT_THROW((void)vend::numeric("9223372036854775808").to_int64(), std::range_error);
    EXPECT_THROW((void)vend::numeric("0.5").to_int64(), std::range_error);
    for (const char *bad : {"", "-", ".", "1e5", "NaN", " 1", "1 ", "1.2.3", "0x10", "--1", "1-1"})
        EXPECT_THROW((void)vend::numeric(std::string_view(bad)), std::invalid_argument) << bad;
}

TEST(Conninfo, IsRefusedAtOnce) {
    try {
        const vend::client shop("no such keyword");
        FAIL();
    } catch (const vend::error &failure) {
        EXPECT_EQ(failure.sqlstate(), "08001");
    }
}

} // namespace
