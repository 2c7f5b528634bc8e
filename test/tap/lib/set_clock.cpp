// A library to be preloaded into a server. It shifts the clock that can be set by the seconds in the
// file that SET_CLOCK_FILE names, which each call reads. The monotonic clock stays as it is.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

const volatile std::int64_t *shift_s = nullptr;

[[gnu::constructor]] void map_file() {
    const char *path = std::getenv("SET_CLOCK_FILE");
    const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    void *memory = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED) shift_s = static_cast<const volatile std::int64_t *>(memory);
    close(file);
}

timespec shifted_now() {
    timespec now{};
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    if (shift_s != nullptr) now.tv_sec += *shift_s;
    return now;
}

} // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec *now) noexcept {
    if (clock != CLOCK_REALTIME) return static_cast<int>(syscall(SYS_clock_gettime, clock, now));
    *now = shifted_now();
    return 0;
}

int gettimeofday(timeval *now, void * /*zone*/) noexcept {
    const timespec time = shifted_now();
    *now = {time.tv_sec, time.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *now) noexcept {
    const time_t seconds = shifted_now().tv_sec;
    if (now != nullptr) *now = seconds;
    return seconds;
}
}
