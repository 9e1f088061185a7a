// SPDX-License-Identifier: Apache-2.0
// Unknown and faulty callers: whatever they do or omit does not affect other callers (promise 7).
#include <chrono>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wire_client.h"
#include "tests/support/xray.h"

using namespace bucky::test;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

namespace {

Bytes half_of(const Bytes& whole) {
    return Bytes(whole.begin(), whole.begin() + std::ssize(whole) / 2);
}

}  // namespace

TEST_CASE("20 echoes behind a silent, an HTTP and a half-PDU client finish within a second",
          "[system][wire]") {
    RunningNode node;
    WireClient silent{node.dicom_port()};
    WireClient browser{node.dicom_port()};
    browser.send("GET / HTTP/1.1\r\nHost: bucky\r\n\r\n");
    WireClient halting{node.dicom_port()};
    halting.send(half_of(WireClient::associate_request({})));

    const auto started = Steady::now();
    for (int i = 0; i < 20; ++i) {
        WireClient admin{node.dicom_port()};
        REQUIRE(admin.associate({}) == 2);
        CHECK(admin.echo() == 0);
        admin.release();
    }
    CHECK(Steady::now() - started < 1s);
    CHECK(echo(node.dicom_port()) == 0);  // DCMTK's own program is answered too
}

TEST_CASE("a caller who does not finish the A-ASSOCIATE-RQ in time is shown out",
          "[system][wire]") {
    RunningNode node{{.scp = "artim_s = 1"}};
    WireClient silent{node.dicom_port()};
    WireClient halting{node.dicom_port()};
    halting.send(half_of(WireClient::associate_request({})));
    CHECK(silent.closed_within(5s));
    CHECK(halting.closed_within(5s));
    CHECK(echo(node.dicom_port()) == 0);
}

TEST_CASE("bytes that are no DICOM at all close their own connection only", "[system][wire]") {
    RunningNode node{{.scp = "artim_s = 1"}};
    const std::vector<std::vector<std::uint8_t>> nonsense{
        Bytes(4096, 0xFF),
        Bytes(4096, 0x00),
        {1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1},        // an A-ASSOCIATE-RQ of 4 GB
        {4, 0, 0, 0, 0, 8, 0, 0, 0, 4, 1, 3, 0, 0},  // data before any association
    };
    for (const auto& bytes : nonsense) {
        WireClient stranger{node.dicom_port()};
        stranger.send(bytes);
        CHECK(stranger.closed_within(5s));
    }
    CHECK(echo(node.dicom_port()) == 0);
}

TEST_CASE("an image that is cut off in the middle is neither kept nor missed by others",
          "[system][wire]") {
    const TempDir dir;
    const auto xray = write_xray(dir.path(), {.seed = 3});
    RunningNode node;
    {
        WireClient modality{node.dicom_port()};
        REQUIRE(modality.associate({kDxForPresentation, kExplicitLittleEndian}) == 2);
        // a P-DATA-TF that is shorter than its length, then the connection breaks
        Bytes cut{4, 0, 0, 0, 0x40, 0, 0, 0, 0x3F, 0xFC, 1, 0};
        cut.resize(2000, 0x20);
        modality.send(cut);
    }
    CHECK(node.store(xray.file) == 0x0000);
    CHECK_FALSE(node.verdict_line(xray.uids.sop_instance_uid).empty());
}
