// SPDX-License-Identifier: Apache-2.0
// The database is put back from an older copy, or gone: every image that was answered is analysed
// again and its results delivered, from the spool alone.
#include <filesystem>
#include <fstream>
#include <set>

#include <catch2/catch.hpp>

#include "tests/support/database_file.h"
#include "tests/support/fake_pacs.h"
#include "tests/support/ledger.h"
#include "tests/support/part10.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

std::vector<Xray> send(RunningNode& node, const fs::path& dir, std::uint64_t from, int count) {
    std::vector<Xray> sent;
    for (int at = 0; at < count; ++at) {
        sent.push_back(write_xray(
            dir, {.seed = from + static_cast<std::uint64_t>(at), .rows = 256, .columns = 256}));
        REQUIRE(node.store(sent.back().file) == 0x0000);
    }
    return sent;
}

/// The studies that have results in the PACS.
std::set<std::string> studies_in(const FakePacs& pacs) {
    std::set<std::string> studies;
    for (const auto& file : pacs.stored()) studies.insert(read_part10(file).value().study);
    return studies;
}

bool quiet(RunningNode& node) {
    Ledger ledger{node.data_dir()};
    return ledger.open_work().empty() && ledger.orphans().empty();
}

}  // namespace

TEST_CASE("a database that is put back from an older copy, or removed, loses no answered image",
          "[system][database]") {
    const auto* harm = GENERATE("older copy", "older copy after a kill", "removed");
    INFO(harm);
    const TempDir dir;
    auto pacs = std::make_unique<FakePacs>();
    const auto destination = pacs->destination();
    RunningNode node{{.destinations = {destination}}};
    auto sent = send(node, dir.path(), 1, 2);
    REQUIRE(poll_until([&] { return studies_in(*pacs).size() == 2 && quiet(node); }, 60s));
    REQUIRE(node.stop() == 0);
    fs::copy_file(database_file(node.data_dir()), dir / "older.db");

    node.restart();
    for (auto& xray : send(node, dir.path(), 10, 3)) sent.push_back(std::move(xray));
    REQUIRE(poll_until([&] { return studies_in(*pacs).size() == 5 && quiet(node); }, 60s));
    pacs->kill9();  // what comes now is analysed and reported, and waits
    for (auto& xray : send(node, dir.path(), 20, 2)) sent.push_back(std::move(xray));
    for (const auto& xray : sent) {
        REQUIRE(poll_until(
            [&] { return !Ledger{node.data_dir()}.results_of(xray.uids.study_uid).empty(); }, 60s));
    }
    if (std::string_view{harm} == "older copy") {
        REQUIRE(node.stop() == 0);
    } else {
        node.kill9();
    }
    for (const auto* suffix : {"", "-wal", "-shm"}) {
        fs::remove(database_file(node.data_dir(), suffix));
    }
    const bool is_gone = std::string_view{harm} == "removed";
    if (!is_gone) fs::copy_file(dir / "older.db", database_file(node.data_dir()));

    const FakePacs after{{}, destination.port};
    node.restart();
    CHECK(node.logged("warning node.recovered files_swept=0 images_found=" +
                      std::to_string(is_gone ? 7 : 5)));
    std::set<std::string> expected;  // of the older copy, what was delivered then is not sent again
    for (std::size_t at = is_gone ? 0 : 2; at < sent.size(); ++at) {
        expected.insert(sent[at].uids.study_uid);
    }
    CHECK(poll_until([&] { return studies_in(after) == expected && quiet(node); }, 90s));
    Ledger ledger{node.data_dir()};
    for (const auto& xray : sent) CHECK(ledger.result_of(xray.uids.sop_instance_uid));
    CHECK(ledger.dangling().empty());

    std::set<std::string> after_uids;
    for (const auto& file : after.stored()) {
        CHECK(after_uids.insert(read_part10(file).value().sop_instance).second);
    }
    for (const auto& file : pacs->stored()) {  // the same results, under the same UIDs
        const auto object = read_part10(file).value();
        if (expected.contains(object.study)) CHECK(after_uids.contains(object.sop_instance));
    }
    const auto status = node.bucky({"status"});
    CHECK(status.status == 0);
    CHECK_THAT(status.output, Contains("Set aside, without a row: 0 images, 0 copies"));
}

TEST_CASE("a spool file that cannot be read goes aside and is told, and a resend has its result",
          "[system][database]") {
    const TempDir dir;
    FakePacs pacs;
    RunningNode node{{.destinations = {pacs.destination()}}};
    const auto sent = send(node, dir.path(), 1, 2);
    REQUIRE(poll_until([&] { return quiet(node); }, 60s));
    REQUIRE(node.stop() == 0);
    bool is_cut = false;
    for (const auto& entry : fs::recursive_directory_iterator{node.data_dir() / "spool"}) {
        if (!entry.is_regular_file() || is_cut) continue;
        fs::resize_file(entry.path(), 1000);
        is_cut = true;
    }
    fs::remove(database_file(node.data_dir()));
    node.restart();
    CHECK(node.logged("warning reingest.aside "));
    REQUIRE(poll_until([&] { return quiet(node); }, 60s));
    CHECK(poll_until(
        [&] {
            return node.get("/metrics").find("bucky_aside_files{kind=\"image\"} 1") !=
                   std::string::npos;
        },
        5s));
    const auto status = node.bucky({"status"});
    CHECK(status.status == 1);
    CHECK_THAT(status.output, Contains("! 1 received image without a row could not be read") &&
                                  Contains((node.data_dir() / "aside").string()));
    for (const auto& xray : sent) {
        REQUIRE(node.store(xray.file) == 0x0000);
        CHECK(poll_until(
            [&] {
                return Ledger{node.data_dir()}.result_of(xray.uids.sop_instance_uid).has_value();
            },
            60s));
    }
}
