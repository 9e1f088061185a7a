// SPDX-License-Identifier: Apache-2.0
// poll_until: waits until another process has done something.
#pragma once

#include <chrono>
#include <thread>

namespace bucky::test {

using namespace std::chrono_literals;

/// Asks until the answer is true. Returns false when `at_most` has passed without it.
template <typename Question>
bool poll_until(Question&& question, std::chrono::milliseconds at_most) {
    const auto give_up = std::chrono::steady_clock::now() + at_most;
    for (auto pause = 2ms; !question();
         pause = std::min(pause * 2, std::chrono::milliseconds(50))) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::sleep_for(pause);
    }
    return true;
}

}  // namespace bucky::test
