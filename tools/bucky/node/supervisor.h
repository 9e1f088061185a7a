// SPDX-License-Identifier: Apache-2.0
// Supervisor: the few words a service says to the one that started it, in systemd's protocol
// (sd_notify(3)): one datagram to the socket that $NOTIFY_SOCKET names, a variable a line. Without
// one nobody listens and every call does nothing. What cannot be sent is lost: a node must not wait
// for its supervisor.
//
// The environment is read once, by the constructor. Any thread may call.
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
    void reloading() const;  ///< until ready() is said again
    /// The end may take `at_most` from now; without this word it would be cut short.
    void stopping(std::chrono::seconds at_most) const;
    /// What `systemctl status` shows, one line.
    void status(std::string_view words) const;
    /// Said twice within watchdog(), else the service is killed and started anew.
    void alive() const;

    /// How long the supervisor waits for alive(); nothing: it does not.
    std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

private:
    void say(std::string_view words) const;

    std::string socket_;  ///< empty: nobody listens
    std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace bucky
