// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/waiting.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <poll.h>

namespace bucky::scp {
namespace {

using Steady = std::chrono::steady_clock;

int remaining_ms(Steady::time_point deadline) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Steady::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

}  // namespace

bool wait_for(const Waiting& waiting, short events, Steady::time_point deadline) {
    pollfd fds[] = {{waiting.fd, events, 0}, {waiting.give_up_fd, POLLIN, 0}};
    int ready = -1;
    do {
        ready = ::poll(fds, 2, remaining_ms(deadline));
    } while (ready < 0 && errno == EINTR);
    if (ready > 0 && fds[1].revents == 0) return true;
    errno = ready > 0 ? ECANCELED : ETIMEDOUT;
    return false;
}

}  // namespace bucky::scp
