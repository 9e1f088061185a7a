// SPDX-License-Identifier: Apache-2.0
// A log that is not read loses lines and has no other effect.
#include "conf/observe/log_queue.h"

#include <array>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/poll.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

/// A pipe that holds 4096 bytes.
struct Pipe {
    Pipe() {
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        REQUIRE(::fcntl(ends[1], F_SETPIPE_SZ, 4096) == 4096);
    }
    ~Pipe() {
        for (const int end : ends) ::close(end);
    }
    std::string read_until(const std::string& last) const {
        std::string all;
        std::array<char, 4096> chunk{};
        while (!all.ends_with(last)) {
            const auto got = ::read(ends[0], chunk.data(), chunk.size());
            if (got <= 0) break;
            all.append(chunk.data(), static_cast<std::size_t>(got));
        }
        return all;
    }
    std::array<int, 2> ends{};
};

std::string notice(std::uint64_t dropped) {
    return "dropped " + std::to_string(dropped) + '\n';
}

std::string line(int number) {
    std::string text = std::to_string(number);
    text.resize(99, '.');
    return text + '\n';
}

}  // namespace

TEST_CASE("lines are written in the order in which they came", "[conf][base][log]") {
    const Pipe pipe;
    log::LogQueue queue{pipe.ends[1], 100'000, notice};
    std::string all;
    for (int number = 0; number < 30; ++number) {
        CHECK(queue.put(line(number)));
        all += line(number);
    }
    CHECK(queue.flush(60s));
    CHECK(queue.is_empty());
    CHECK(pipe.read_until(line(29)) == all);
}

TEST_CASE("a pipe that is not read blocks no caller, and the lost lines are counted in their place",
          "[conf][base][log]") {
    const Pipe pipe;
    log::LogQueue queue{pipe.ends[1], 10'000, notice};
    const auto too_long = std::string(5000, '-') + '\n';  // for the pipe: its write blocks
    CHECK(queue.put(too_long));
    REQUIRE(poll_until([&] { return queue.state().stuck_for > 0ms; }, 60s));
    int kept = 0, dropped = 0;
    for (int number = 0; number < 1000; ++number) ++(queue.put(line(number)) ? kept : dropped);
    CHECK(kept == 100);
    CHECK(dropped == 900);
    CHECK(queue.state().dropped == static_cast<std::uint64_t>(dropped));
    CHECK_FALSE(queue.flush(1ms));
    CHECK_FALSE(queue.is_empty());
    const auto read = pipe.read_until(notice(static_cast<std::uint64_t>(dropped)));
    CHECK(read.starts_with(too_long + line(0) + line(1)));
    CHECK(read.ends_with(line(kept - 1) + notice(static_cast<std::uint64_t>(dropped))));
    CHECK(queue.put(line(1000)));
    CHECK(queue.flush(60s));
    CHECK(pipe.read_until(line(1000)) == line(1000));
    CHECK(poll_until([&] { return queue.state().dropped == 0; }, 60s));
}

TEST_CASE("a closed reader of the log costs lines and raises no signal", "[conf][base][log]") {
    Pipe pipe;
    ::close(pipe.ends[0]);
    pipe.ends[0] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    log::LogQueue queue{pipe.ends[1], 10'000, notice};
    CHECK(queue.put(line(1)));
    CHECK(poll_until([&] { return queue.state().dropped == 1; }, 60s));
}
