// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/supervisor.h"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"

using namespace bucky;

namespace {

/// The supervisor's end: a datagram socket at `name` ('@': abstract), named by the environment
/// while it lives.
class Listener {
public:
    explicit Listener(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        REQUIRE(name.size() < sizeof at.sun_path);
        std::memcpy(at.sun_path, name.data(), name.size());
        if (name.front() == '@') at.sun_path[0] = '\0';
        const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), length) == 0);
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener() {
        for (const auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
            ::unsetenv(name);
        ::close(fd_);
    }

    /// The messages not yet read; "" when there are none.
    std::string heard() const {
        std::array<char, 256> words{};
        const auto got = ::recv(fd_, words.data(), words.size(), MSG_DONTWAIT);
        return {words.data(), static_cast<std::size_t>(got > 0 ? got : 0)};
    }

private:
    int fd_;
};

}  // namespace

TEST_CASE("the supervisor hears each word at the socket that it named", "[tools]") {
    const test::TempDir dir;
    for (const auto& name :
         {(dir / "notify").string(), "@bucky-test-" + std::to_string(::getpid())}) {
        const Listener listener{name};
        const Supervisor supervisor;
        supervisor.ready();
        CHECK(listener.heard() == "READY=1");
        supervisor.stopping(std::chrono::seconds{30});
        CHECK(listener.heard() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000");
        supervisor.reloading();
        CHECK_THAT(listener.heard(), Catch::StartsWith("RELOADING=1\nMONOTONIC_USEC="));
        supervisor.status("one\nREADY=1");
        CHECK(listener.heard() == "STATUS=one READY=1");  // one line, one variable
    }
}

TEST_CASE("a watchdog is fed where there is one, and it is ours", "[tools]") {
    const test::TempDir dir;
    const Listener listener{dir / "notify"};
    Supervisor{}.alive();
    CHECK(listener.heard().empty());

    ::setenv("WATCHDOG_USEC", "180000000", 1);
    CHECK(Supervisor{}.watchdog() == std::chrono::seconds{180});
    Supervisor{}.alive();
    CHECK(listener.heard() == "WATCHDOG=1");

    ::setenv("WATCHDOG_PID", std::to_string(::getppid()).c_str(), 1);
    CHECK_FALSE(Supervisor{}.watchdog());
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    CHECK(Supervisor{}.watchdog());
    ::setenv("WATCHDOG_USEC", "soon", 1);
    CHECK_FALSE(Supervisor{}.watchdog());
}

TEST_CASE("without a supervisor, or one that has gone, nothing is said and nobody waits",
          "[tools]") {
    ::unsetenv("NOTIFY_SOCKET");
    Supervisor{}.ready();
    const test::TempDir dir;
    ::setenv("NOTIFY_SOCKET", (dir / "nobody").c_str(), 1);
    Supervisor{}.ready();
    ::setenv("NOTIFY_SOCKET", std::string(500, 'x').c_str(), 1);
    Supervisor{}.ready();
    ::unsetenv("NOTIFY_SOCKET");
}
