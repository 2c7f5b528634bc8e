// A deadline makes every wait of a call end in time, whatever it waits for: a socket, or a pause between
// two attempts. (A thread that waits for a connection of the pool waits on a condition variable with the
// same time and stop_token.)
//
// A stop may be requested by another thread at any time, also while this one is inside poll(). So a
// deadline that can be stopped has an eventfd, which poll() watches beside the socket. The stop callback
// runs in the thread that requests the stop; it only writes to the eventfd, which is safe there. The
// eventfd stays readable, so a wait that starts later ends at once as well.
//
// What must stay true: the callback is gone before its eventfd is closed. Otherwise it would write into
// another file that has got the same number. Nothing is read from the eventfd.

#include "deadline.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace vend {
namespace {

// False when the time is over or the bell was rung. `bell` is -1 where there is none.
bool wait_for(int socket, short events, instant until, int bell);

} // namespace

deadline::deadline(int ms, std::stop_token stop) : at_(after(ms)), stop_(std::move(stop)) {
    if (!stop_.stop_possible()) return;
    bell_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bell_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    on_stop_.emplace(stop_, bell{bell_});
}

deadline::~deadline() {
    on_stop_.reset();
    if (bell_ >= 0) close(bell_);
}

bool deadline::has_passed() const noexcept {
    return is_stopped() || std::chrono::steady_clock::now() >= at_;
}

instant deadline::within(int ms) const {
    return std::min(at_, after(ms));
}

bool deadline::wait(int socket, short events, instant until) const {
    return !is_stopped() && wait_for(socket, events, until, bell_);
}

bool deadline::wait_despite_stop(int socket, short events, instant until) {
    return wait_for(socket, events, until, -1);
}

void deadline::pause(int ms) const {
    (void)wait(-1, 0, within(ms));
}

void deadline::bell::operator()() const noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(file, &one, sizeof one);
}

namespace {

bool wait_for(int socket, short events, instant until, int bell) {
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        const auto left_ms = std::clamp<std::int64_t>(left.count(), 0, INT_MAX);
        pollfd files[] = {{socket, events, 0}, {bell, POLLIN, 0}};
        const int found = poll(files, bell < 0 ? 1 : 2, static_cast<int>(left_ms));
        if (found < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
        if (found > 0) return files[0].revents != 0;
        if (found == 0 && left_ms == 0) return false;
    }
}

} // namespace
} // namespace vend
