// SPDX-License-Identifier: Apache-2.0
// Supervisor: messages to the service manager in systemd's protocol (sd_notify(3)): datagrams to
// the socket that $NOTIFY_SOCKET names, one variable a line. Without that variable every call does
// nothing. A message that cannot be sent is lost: a node must not wait for its supervisor.
//
// The constructor reads the environment once. Any thread may call.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace bucky {

class Supervisor {
public:
    Supervisor();

    void ready() const;
    void reloading() const;  ///< until the next ready()
    /// Extends the stop timeout to `at_most` from now; without it systemd would kill the node
    /// earlier.
    void stopping(std::chrono::seconds at_most) const;
    /// The line that `systemctl status` shows.
    void status(std::string_view words) const;
    /// Must be called twice within watchdog(), else the service is killed and restarted.
    void alive() const;

    /// The watchdog timeout; nullopt when there is no watchdog.
    std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

private:
    void say(std::string_view words) const;

    std::string socket_;  ///< empty: no supervisor
    std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace bucky
