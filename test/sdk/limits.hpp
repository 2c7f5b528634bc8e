#pragma once
// Limits of time in the tests. The machine may be slow: what must succeed gets minutes, and a limit that
// must be reached is compared with a bound that is far above it.

#include <vend/options.hpp>

#include <chrono>
#include <thread>

// No step of a test takes as long, however slow the machine is.
inline constexpr std::chrono::seconds long_time{60};

// Waits until the condition is true; returns false when that took too long.
template <typename Condition> bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + long_time;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

template <typename Call> std::chrono::milliseconds time_of(Call call) {
    const auto start = std::chrono::steady_clock::now();
    call();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 start);
}

// Enough time for a call to succeed.
inline vend::options patient() {
    vend::options options;
    options.call_ms_max = 180000;
    options.attempt_ms_max = 20000;
    options.connect_ms_max = 20000;
    options.pause_ms_max = 20;
    return options;
}

// An attempt that meets silence ends soon. It may also end because the machine is slow: there is time
// for hundreds of attempts.
inline vend::options patient_with_short_attempts() {
    vend::options options = patient();
    options.attempt_ms_max = 500;
    options.connect_ms_max = 500;
    options.cancel_ms_max = 20;
    return options;
}

// A call ends after 0.6 seconds, or a multiple of that. Only the call itself is sent.
inline vend::options short_limits(int factor = 1) {
    vend::options options;
    options.connections_max = 4;
    options.call_ms_max = 500 * factor;
    options.attempt_ms_max = 200 * factor;
    options.cancel_ms_max = 100 * factor;
    options.prepare = vend::prepare::never;
    return options;
}

// Some tests need a limit to be reached at a certain point of a call. A slow machine may reach it too
// early. So test(factor), which multiplies its limits by the factor, says whether that point was met;
// until it was, the test is run again with twice the limits. Returns false when it never was.
template <typename Test> bool with_growing_limits(Test test) {
    for (int factor = 1; factor <= 64; factor *= 2)
        if (test(factor)) return true;
    return false;
}
