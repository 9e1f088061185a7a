// SPDX-License-Identifier: Apache-2.0
// A wall clock that a test moves while a program runs. It is loaded before the C library
// (LD_PRELOAD) and adds the milliseconds in the file BUCKY_CLOCK_STEP (eight bytes) to the time of
// day. The steady clock is unchanged, as when an admin sets a machine's clock.
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

constexpr std::int64_t kNsPerS = 1'000'000'000;

const volatile std::int64_t* mapped() {
    const char* name = std::getenv("BUCKY_CLOCK_STEP");
    const int fd = name == nullptr ? -1 : ::open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return nullptr;
    void* at = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
    ::close(fd);
    return at == MAP_FAILED ? nullptr : static_cast<const std::int64_t*>(at);
}

/// Mapped while the program is loaded: before it confines itself.
const volatile std::int64_t* const step_ms = mapped();

int real_time(clockid_t clock, timespec* at) {
    using ClockGetTime = int (*)(clockid_t, timespec*);
    static const auto real = reinterpret_cast<ClockGetTime>(::dlsym(RTLD_NEXT, "clock_gettime"));
    return real(clock, at);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* at) noexcept {
    const int failed = real_time(clock, at);
    const bool is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (failed != 0 || !is_wall || step_ms == nullptr) return failed;
    const auto ns = at->tv_nsec + *step_ms % 1000 * 1'000'000 + kNsPerS;  // never below 0
    at->tv_sec += *step_ms / 1000 + ns / kNsPerS - 1;
    at->tv_nsec = ns % kNsPerS;
    return 0;
}

int gettimeofday(timeval* __restrict at, void* __restrict) noexcept {
    timespec now{};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *at = {now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t* at) noexcept {
    timespec now{};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (at != nullptr) *at = now.tv_sec;
    return now.tv_sec;
}
}
