// SPDX-License-Identifier: Apache-2.0
#include "conf/run/poll_loop.h"

#include <algorithm>

namespace bucky {

using namespace std::chrono_literals;

void run_loop(const PollLoop& loop, const std::stop_token& stop, const Clock& clock, Wakeup& work) {
    constexpr auto kRestAfterTrouble = 1s;
    while (!stop.stop_requested()) {
        const auto seen = work.rings();
        try {
            if (loop.once()) continue;
            auto wait = loop.poll_period;
            if (const auto due_ms = loop.next_due_ms()) {
                const std::chrono::milliseconds left{*due_ms - clock.now_ms()};
                wait = std::clamp<std::chrono::milliseconds>(left, 1ms, wait);
            }
            work.wait_beyond(seen, stop, wait);
        } catch (const std::exception& error) {  // the loop outlives a failed database or disk
            loop.trouble(error);
            Wakeup{}.wait_beyond(0, stop, kRestAfterTrouble);
        }
    }
}

}  // namespace bucky
