#pragma once
// The event loop of a pipeline, around poll().

#include "limits.hpp"

#include <vend/pipeline.hpp>

#include <algorithm>
#include <poll.h>

// Waits until process() has something to do, for at most a tenth of a second.
inline void wait_for_socket(const vend::pipeline &line) {
    pollfd file{line.socket(), 0, 0};
    if (line.wants_to_read()) file.events |= POLLIN;
    if (line.wants_to_write()) file.events |= POLLOUT;
    poll(&file, file.fd < 0 ? 0 : 1, std::min(line.timeout_ms(), 100));
}

// Runs the loop until the condition is true; returns false when that took too long.
template <typename Condition> bool run_until(vend::pipeline &line, Condition is_done) {
    const auto end = std::chrono::steady_clock::now() + long_time;
    while (!is_done()) {
        if (std::chrono::steady_clock::now() > end) return false;
        line.process();
        if (!is_done()) wait_for_socket(line);
    }
    return true;
}

// Runs the loop until all purchases are answered.
inline bool drain(vend::pipeline &line) {
    return run_until(line, [&] { return line.pending() == 0; });
}
