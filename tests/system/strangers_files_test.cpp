// SPDX-License-Identifier: Apache-2.0
// Files that crash a parser, given to the node and to the commands.
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/part10.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/process.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wire_client.h"
#include "tests/support/xray.h"

using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

/// A sequence of `items` empty items, in a private element behind the image's own elements.
std::string empty_items(std::size_t items) {
    std::string bytes{"\xe1\x7f\x10\x00SQ\0\0\xff\xff\xff\xff", 12};
    for (std::size_t i = 0; i < items; ++i) bytes.append("\xfe\xff\x00\xe0\0\0\0\0", 8);
    return bytes.append("\xfe\xff\xdd\xe0\0\0\0\0", 8);
}

/// Nested sequences behind every attribute that is read.
std::string nested(std::size_t levels) {
    std::string bytes;
    for (std::size_t i = 0; i < levels; ++i) {
        bytes.append("\xe1\x7f\x10\x00SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff", 20);
    }
    return bytes;
}

/// Nested sequences in front of every attribute of the image.
std::filesystem::path nested_in_front(const std::filesystem::path& of, const TempDir& dir) {
    std::ifstream in{of, std::ios::binary};
    const std::string whole{std::istreambuf_iterator<char>{in}, {}};
    std::uint32_t meta_bytes = 0;  // of (0002,0000), behind preamble, prefix and element header
    std::memcpy(&meta_bytes, whole.data() + 140, sizeof meta_bytes);
    std::ofstream{dir / "nested.dcm", std::ios::binary} << whole.substr(0, 144 + meta_bytes)
                                                        << nested(400'000);
    return dir / "nested.dcm";
}

/// The same in the File Meta Information, whose length is given.
std::filesystem::path nested_in_meta(const TempDir& dir) {
    std::string deep;
    for (int i = 0; i < 400'000; ++i) {
        deep.append("\x02\x00\x02\x01SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff", 20);
    }
    const auto bytes = static_cast<std::uint32_t>(deep.size());
    std::string head(128, '\0');
    head.append("DICM").append("\x02\0\0\0UL\x04\0", 8);
    head.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
    std::ofstream{dir / "meta.dcm", std::ios::binary} << head << deep;
    return dir / "meta.dcm";
}

}  // namespace

TEST_CASE("an image of millions of empty items, or nested without end, is refused for good",
          "[system][bad-input]") {
    const TempDir dir;
    RunningNode node;
    const auto xray = write_xray(dir.path(), {.seed = 95, .rows = 256, .columns = 256});
    for (const auto& spoiled : {empty_items(4'000'000), nested(400'000)}) {
        auto dataset = dataset_of(xray.file.string());
        dataset.insert(dataset.end(), spoiled.begin(), spoiled.end());
        WireClient modality{node.dicom_port()};
        REQUIRE(modality.associate({kDxForPresentation, kExplicitLittleEndian}) == 2);
        CHECK(modality.store(xray.uids.sop_instance_uid, dataset) == 0xC000);
        modality.release();
    }
    CHECK(node.logged("has more than"));
    CHECK(node.store(xray.file) == 0x0000);
    CHECK_FALSE(node.verdict_line(xray.uids.sop_instance_uid).empty());
}

TEST_CASE("analyze, explain and send outlive a file that is nested without end",
          "[system][bad-input][decoder]") {
    const TempDir dir;
    const auto xray = write_xray(dir.path(), {.seed = 96, .rows = 256, .columns = 256});
    const auto file = GENERATE(0, 1) == 0 ? nested_in_front(xray.file, dir) : nested_in_meta(dir);
    const auto program = bucky_program().string();
    const auto analyzed =
        run({program, "analyze", file.string(), "--model", phantom_model().string(), "--out",
             (dir / "out").string(), "--device", "cpu"});
    INFO(analyzed.output);
    CHECK(analyzed.status == 1);
    const auto explained =
        run({program, "explain", file.string(), "--model", phantom_model().string()});
    INFO(explained.output);
    CHECK(explained.status == 1);
    RunningNode node;
    const auto peer = "BUCKY@127.0.0.1:" + std::to_string(node.dicom_port());
    const auto sent = run({program, "send", peer, file.string()});
    INFO(sent.output);
    CHECK(sent.status == 1);
}
