// SPDX-License-Identifier: Apache-2.0
// What the watch finds is told elsewhere: [[alert]].
#include "tools/bucky/node/node_state.h"

namespace bucky {

/// A mail server that is away costs this thread its time limit, and nobody else anything.
void Node::Impl::keep_alerts(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto health = board.last();
        auto standing = health.troubles;
        standing.insert(standing.end(), health.told_too.begin(), health.told_too.end());
        try {
            alerts.look(*settings(), standing);
        } catch (const std::exception& error) {  // looked at again in a second
            log::event(log::Level::error, "alert.trouble", {{"words", error.what()}});
        }
        Wakeup{}.wait_beyond(0, stop, kLookPeriod);
    }
}

}  // namespace bucky
