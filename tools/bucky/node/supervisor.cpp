// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/supervisor.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <fmt/format.h>

#include "scp/wire/unique_fd.h"

namespace bucky {
namespace {

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view{} : std::string_view{value};
}

std::optional<std::int64_t> whole_number(std::string_view digits) {
    std::int64_t number = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool good = read.ec == std::errc{} && read.ptr == digits.data() + digits.size();
    return good && number > 0 ? std::optional{number} : std::nullopt;
}

/// A child process inherits the environment, but the variables are meant for its parent only.
bool is_for_us() {
    const auto pid = whole_number(environment("WATCHDOG_PID"));
    return !pid || *pid == ::getpid();
}

std::int64_t monotonic_us() {
    timespec now{};
    (void)::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000LL + now.tv_nsec / 1000;
}

}  // namespace

Supervisor::Supervisor() : socket_(environment("NOTIFY_SOCKET")) {
    const auto wait_us = whole_number(environment("WATCHDOG_USEC"));
    if (wait_us && is_for_us()) watchdog_ = std::chrono::microseconds{*wait_us};
}

void Supervisor::ready() const {
    say("READY=1");
}

void Supervisor::reloading() const {
    say(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_us()));
}

void Supervisor::stopping(std::chrono::seconds at_most) const {
    const std::chrono::microseconds time = at_most;
    say(fmt::format("STOPPING=1\nEXTEND_TIMEOUT_USEC={}", time.count()));
}

void Supervisor::status(std::string_view words) const {
    std::string line{words};
    std::replace(line.begin(), line.end(), '\n', ' ');
    say("STATUS=" + line);
}

void Supervisor::alive() const {
    if (watchdog_) say("WATCHDOG=1");
}

/// The socket is a path, or with '@' the name of an abstract socket (unix(7)).
void Supervisor::say(std::string_view words) const {
    sockaddr_un to{};
    if (socket_.empty() || socket_.size() >= sizeof to.sun_path) return;
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, socket_.data(), socket_.size());
    if (socket_.front() == '@') to.sun_path[0] = '\0';
    const auto length = offsetof(sockaddr_un, sun_path) + socket_.size();
    const scp::UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (fd.get() < 0) return;
    (void)::sendto(fd.get(), words.data(), words.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&to), static_cast<socklen_t>(length));
}

}  // namespace bucky
