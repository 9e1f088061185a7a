// SPDX-License-Identifier: Apache-2.0
// The real node on a machine whose clock is set, by faketime: the steady clock goes on.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "conf/base/clock.h"
#include "tests/support/fake_pacs.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

constexpr auto kFaketime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// A clock that a test sets while the node runs.
class SetClock {
public:
    SetClock() { set("+0"); }

    void set(const std::string& offset) {
        const auto next = dir_ / "offset.new";
        std::ofstream{next} << offset << '\n';
        std::filesystem::rename(next, file());
    }
    Environment environment() const {
        return {{"LD_PRELOAD", kFaketime},
                {"FAKETIME_TIMESTAMP_FILE", file().string()},
                {"FAKETIME_NO_CACHE", "1"},
                {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}};
    }

private:
    std::filesystem::path file() const { return dir_ / "offset"; }
    TempDir dir_;
};

std::size_t times_logged(RunningNode& node, std::string_view part) {
    std::size_t count = 0;
    for (const auto& line : node.process().lines()) count += line.find(part) != std::string::npos;
    return count;
}

Destination named(const FakePacs& pacs, const std::string& name) {
    auto destination = pacs.destination();
    destination.name = name;
    return destination;
}

}  // namespace

TEST_CASE("nine hours back while a PACS is away: new results go out when it is back",
          "[system][delivery]") {
    const TempDir dir;
    SetClock clock;
    std::optional<FakePacs> pacs{std::in_place};
    const auto destination = pacs->destination();
    RunningNode node{{.destinations = {destination}, .environment = clock.environment()}};
    pacs.reset();
    const auto before = write_xray(dir.path(), {.seed = 71});
    REQUIRE(node.store(before.file) == 0x0000);
    REQUIRE(node.logged("deliver.unreachable"));

    clock.set("-9h");
    REQUIRE(node.logged("clock.stepped"));
    // it is logged a moment before the status shows it
    CHECK(poll_until(
        [&] {
            const auto status = node.bucky({"status"});
            return status.status == 1 &&
                   status.output.find("was set back by 9 h") != std::string::npos;
        },
        30s));
    pacs.emplace(std::vector<std::string>{}, destination.port);
    const auto after = write_xray(dir.path(), {.seed = 72});
    REQUIRE(node.store(after.file) == 0x0000);
    CHECK(poll_until([&] { return pacs->stored().size() == 4; }, 60s));
    CHECK(times_logged(node, "clock.stepped") == 1);
}

TEST_CASE("forty days ahead for a moment: nothing is deleted, nothing parked",
          "[system][delivery]") {
    const TempDir dir;
    SetClock clock;
    const FakePacs there;
    std::optional<FakePacs> away{std::in_place};
    const auto destination = named(*away, "away");
    RunningNode node{
        {.destinations = {named(there, "there"), destination}, .environment = clock.environment()}};
    const auto aside =
        node.data_dir() / "aside" / bucky::iso_utc(bucky::SystemClock{}.now_ms()).substr(0, 10);
    std::filesystem::create_directories(aside / "spool");
    std::ofstream{aside / "spool" / "unreadable.dcm"} << "x";
    const auto delivered = write_xray(dir.path(), {.seed = 73});
    REQUIRE(node.store(delivered.file) == 0x0000);
    REQUIRE(poll_until([&] { return times_logged(node, "deliver.sent") == 4; }, 60s));
    away.reset();
    const auto waiting = write_xray(dir.path(), {.seed = 74});
    REQUIRE(node.store(waiting.file) == 0x0000);
    REQUIRE(node.logged("deliver.unreachable"));

    clock.set("+40d");
    // a try takes a second, a sweep two
    const auto tries = times_logged(node, "deliver.unreachable");
    CHECK(poll_until([&] { return times_logged(node, "deliver.unreachable") > tries + 6; }, 60s));
    clock.set("+0");
    CHECK(poll_until([&] { return times_logged(node, "clock.stepped") == 2; }, 30s));
    CHECK(times_logged(node, "study.left") == 0);
    CHECK(std::filesystem::exists(aside / "spool" / "unreadable.dcm"));
    CHECK(node.bucky({"study", "show", delivered.uids.study_uid}).status == 0);
    away.emplace(std::vector<std::string>{}, destination.port);
    CHECK(poll_until([&] { return away->stored().size() == 2; }, 60s));
}
