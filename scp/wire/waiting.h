// SPDX-License-Identifier: Apache-2.0
// wait_for() waits until a descriptor is ready, a deadline has passed, or the node gives up
// waiting.
#pragma once

#include <chrono>

namespace bucky::scp {

/// A descriptor, and another (-1: none) that ends every wait once it is readable.
struct Waiting {
    int fd = -1;
    int give_up_fd = -1;
};

/// True when `waiting.fd` is ready for these poll() events (or broken); false, with errno ETIMEDOUT
/// or ECANCELED, when the wait is over. A signal or a deadline in the past does not prolong it.
bool wait_for(const Waiting& waiting, short events, std::chrono::steady_clock::time_point deadline);

}  // namespace bucky::scp
