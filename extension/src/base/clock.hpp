#pragma once
// The monotonic clock measures waits and intervals. Unlike GetCurrentTimestamp(), it never goes back or
// jumps when somebody sets the server's clock. All processes of the server read the same time, so a
// MonotonicTime can stand in shared memory. It means nothing after a restart, and nothing to a user.

#include "base/prelude.hpp"

#include <compare>
#include <ctime>

namespace vend {

struct MonotonicTime {
    int64 us = 0; // 0: never

    friend auto operator<=>(const MonotonicTime &, const MonotonicTime &) = default;
};

inline MonotonicTime monotonic_now() {
    timespec now{};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return {static_cast<int64>(now.tv_sec) * USECS_PER_SEC + now.tv_nsec / 1000};
}

inline constexpr MonotonicTime end_of_time{PG_INT64_MAX};

inline MonotonicTime after_us(MonotonicTime start, int64 us) {
    return {start.us + us};
}

inline MonotonicTime after_ms(MonotonicTime start, int64 ms) {
    return after_us(start, ms * 1000);
}

inline int64 us_between(MonotonicTime start, MonotonicTime end) {
    return end.us - start.us;
}

// How long to sleep until `end`; 0 once `end` is over.
inline long ms_until(MonotonicTime end) {
    const int64 left_us = us_between(monotonic_now(), end);
    return left_us <= 0 ? 0 : static_cast<long>((left_us + 999) / 1000);
}

} // namespace vend
