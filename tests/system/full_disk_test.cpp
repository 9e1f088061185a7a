// SPDX-License-Identifier: Apache-2.0
// A disk that fills up, for real: a node on a small file system of its own. Needs the right to
// mount one; without it the test says so and checks nothing.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/mount.h>
#include <sys/statvfs.h>
#include <catch2/catch.hpp>

#include "tests/support/fake_pacs.h"
#include "tests/support/ledger.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

class SmallDisk {
public:
    SmallDisk() {
        std::filesystem::create_directory(path());
        mounted_ = ::mount("tmpfs", path().c_str(), "tmpfs", 0, "size=64m") == 0;
    }
    ~SmallDisk() {
        if (mounted_) (void)::umount2(path().c_str(), MNT_DETACH);
    }
    bool mounted() const { return mounted_; }
    std::filesystem::path path() const { return dir_ / "disk"; }

    std::uint64_t free_bytes() const {
        struct statvfs space {};
        (void)::statvfs(path().c_str(), &space);
        return static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
    }
    /// Somebody else's file, so large that this much is left.
    void fill_but(std::uint64_t bytes) {
        std::ofstream ballast{path() / "ballast", std::ios::binary | std::ios::app};
        const std::string block(4096, 'x');
        while (free_bytes() > bytes && ballast.write(block.data(), 4096).flush()) {
        }
    }
    void make_room() { std::filesystem::remove(path() / "ballast"); }

private:
    TempDir dir_;
    bool mounted_ = false;
};

/// Until every one of these has its results at the PACS; each image is a study of its own.
bool all_delivered(RunningNode& node, const FakePacs& pacs, std::size_t images) {
    return poll_until(
        [&] {
            return pacs.stored().size() >= 2 * images &&
                   Ledger{node.data_dir()}.open_work().empty();
        },
        60s);
}

}  // namespace

TEST_CASE("a disk that fills up costs images a \"later\", never the node or what was answered",
          "[system][disk]") {
    SmallDisk disk;
    if (!disk.mounted()) {
        WARN("skipped: mounting a small file system needs root");
        return;
    }
    const TempDir dir;
    FakePacs pacs;
    RunningNode node{{.destinations = {pacs.destination()}, .data_dir = disk.path() / "data"}};
    std::vector<std::filesystem::path> images;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        images.push_back(write_xray(dir.path(), {.seed = seed, .rows = 320, .columns = 320}).file);
    }
    auto next = images.begin();
    std::size_t answered = 0;
    REQUIRE(node.store(*next++) == 0x0000);
    ++answered;

    // below the floor (16 MB) it refuses while there is room, and takes again when there is more
    disk.fill_but(12U << 20U);
    CHECK(node.store(*next) == 0xA700);
    disk.make_room();
    CHECK(node.store(*next++) == 0x0000);
    ++answered;
    CHECK(all_delivered(node, pacs, answered));

    // full to the last block while images come: some are answered, none of those is lost
    disk.fill_but(17U << 20U);
    for (int image = 0; image < 3; ++image) answered += node.store(*next++) == 0x0000;
    disk.fill_but(0);
    CHECK(node.store(*next) == 0xA700);
    CHECK(echo(node.dicom_port()) == 0);
    CHECK(node.running());
    disk.make_room();
    for (; next != images.end(); ++next) {
        REQUIRE(node.store(*next) == 0x0000);
        ++answered;
    }
    CHECK(all_delivered(node, pacs, answered));
    Ledger ledger{node.data_dir()};
    CHECK(ledger.dangling().empty());
    CHECK(node.stop() == 0);
}

TEST_CASE(
    "more than storage.keep_mb leaves once it is delivered, and the node runs on a small disk",
    "[system][disk]") {
    const TempDir dir;
    FakePacs pacs;
    RunningNode node{{.destinations = {pacs.destination()}, .storage = "keep_mb = 2"}};
    std::vector<std::string> studies;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        const auto xray = write_xray(dir.path(), {.seed = seed, .rows = 400, .columns = 400});
        REQUIRE(node.store(xray.file) == 0x0000);
        studies.push_back(xray.uids.study_uid);
    }
    CHECK(all_delivered(node, pacs, 8));
    // which one leaves first depends on which was delivered first
    CHECK(poll_until(
        [&] {
            return std::any_of(studies.begin(), studies.end(), [&](const std::string& study) {
                const auto told = node.bucky({"study", "show", study}).output;
                return told.find("no longer here") != std::string::npos &&
                       told.find("study.left") != std::string::npos &&
                       told.find("more than 2 MB were held") != std::string::npos;
            });
        },
        20s));
    const auto held = [&] {
        std::uint64_t bytes = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator{node.data_dir()}) {
            if (entry.path().extension() == ".dcm") bytes += entry.file_size();
        }
        return bytes;
    };
    CHECK(poll_until([&] { return held() <= 2'000'000; }, 20s));
    CHECK(pacs.stored().size() == 16);
}

TEST_CASE("a node starts on a full disk, sends results, lets go what may leave, and refuses images",
          "[system][disk]") {
    SmallDisk disk;
    if (!disk.mounted()) {
        WARN("skipped: mounting a small file system needs root");
        return;
    }
    const TempDir dir;
    auto pacs = std::make_unique<FakePacs>();
    const auto destination = pacs->destination();
    RunningNode node{{.destinations = {destination},
                      .storage = "keep_mb = 0",
                      .data_dir = disk.path() / "data"}};
    std::vector<Xray> images;
    const auto send = [&](std::uint64_t seed) {
        images.push_back(write_xray(dir.path(), {.seed = seed, .rows = 1500, .columns = 1500}));
        REQUIRE(node.store(images.back().file) == 0x0000);
    };
    for (std::uint64_t seed = 1; seed <= 4; ++seed) send(seed);
    CHECK(all_delivered(node, *pacs, 4));
    pacs->kill9();
    for (std::uint64_t seed = 5; seed <= 6; ++seed) send(seed);
    for (const auto& image : images) {
        REQUIRE(poll_until(
            [&] { return !Ledger{node.data_dir()}.results_of(image.uids.study_uid).empty(); },
            60s));
    }
    const auto stopped_by = GENERATE(SIGTERM, SIGKILL);
    node.process().signal(stopped_by);
    (void)node.process().wait(30s);
    disk.fill_but(0);

    const FakePacs after{{}, destination.port};
    node.restart();  // ready, or it throws
    CHECK(node.logged(" disk.reserve_given "));
    CHECK(node.store(images[0].file) == 0xA700);
    CHECK(poll_until([&] { return after.stored().size() >= 4; }, 60s));
    CHECK_THAT(node.bucky({"status"}).output,
               Catch::Contains("MB free, storage.min_free_mb is 16"));
    CHECK(node.store(images[0].file) == 0xA700);

    std::ifstream told{node.config_file()};
    std::string config{std::istreambuf_iterator<char>{told}, {}};
    config.replace(config.find("keep_mb = 0"), 11, "keep_mb = 1");
    std::ofstream{node.config_file()} << config;
    CHECK(node.bucky({"reload"}).status == 0);
    CHECK(node.logged(" study.left "));
    // What left made room: the reserve is held again, and images are taken.
    CHECK(poll_until([&] { return std::filesystem::exists(node.data_dir() / "reserve"); }, 10s));
    CHECK(poll_until([&] { return node.store(images[0].file) == 0x0000; }, 10s));
    CHECK(node.bucky({"status"}).status == 0);
}
