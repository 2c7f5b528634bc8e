#include <vend/uuid.hpp>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

namespace vend {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

int value_of(char digit) {
    if (digit >= 'A' && digit <= 'F') digit = static_cast<char>(digit - 'A' + 'a');
    const auto found = digits.find(digit);
    if (found == std::string_view::npos) throw std::invalid_argument("vend: not a uuid");
    return static_cast<int>(found);
}

} // namespace

uuid uuid::make_v7() {
    bytes_type bytes;
    // The operating system makes the random bits. A generator of this process would make the same ids
    // again in a process that was forked from it.
    if (getentropy(bytes.data() + 6, bytes.size() - 6) != 0)
        throw std::system_error(errno, std::generic_category(), "getentropy");
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto ms =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
    bytes[6] = static_cast<std::uint8_t>(0x70 | (bytes[6] & 0x0f));
    bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3f));
    return uuid(bytes);
}

uuid uuid::parse(std::string_view text) {
    bytes_type bytes{};
    std::size_t count = 0;
    for (const char c : text) {
        if (c == '-' && count > 0 && count % 4 == 0) continue;
        if (count == 32) throw std::invalid_argument("vend: not a uuid");
        bytes[count / 2] = static_cast<std::uint8_t>(bytes[count / 2] << 4 | value_of(c));
        ++count;
    }
    if (count != 32) throw std::invalid_argument("vend: not a uuid");
    return uuid(bytes);
}

std::string uuid::str() const {
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[bytes_[i] >> 4];
        text += digits[bytes_[i] & 15];
    }
    return text;
}

} // namespace vend
