// SPDX-License-Identifier: Apache-2.0
// Storage commitment in both roles (PS3.4 Annex J), with Debian's Orthanc as the peer, and with a
// PACS and a modality built on DCMTK. A crash in between loses no commitment.
#include <csignal>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/fake_pacs.h"
#include "tests/support/http.h"
#include "tests/support/ledger.h"
#include "tests/support/orthanc.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wire_client.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;

namespace {

bool is_quiet(const RunningNode& node) {
    return Ledger{node.data_dir()}.open_work().empty();
}

}  // namespace

TEST_CASE(
    "Orthanc is asked to keep the results, reports on an association of its own, and is heard",
    "[system][commitment]") {
    const TempDir dir;
    Orthanc pacs;
    auto there = pacs.destination();
    there.more = "commitment = true\n";
    RunningNode node{{.destinations = {there}}};
    pacs.knows("BUCKY", node.dicom_port());
    const auto xray = write_xray(dir.path(), {.seed = 51});
    REQUIRE(node.store(xray.file) == 0x0000);
    REQUIRE(node.logged("commitment.complete"));
    CHECK(is_quiet(node));
    const auto shown = node.bucky({"study", "show", xray.uids.study_uid});
    INFO(shown.output);
    CHECK_THAT(shown.output, Catch::Contains("pacs: promised to keep it") &&
                                 Catch::Contains("commitment.promised") &&
                                 Catch::Contains("delivered"));
}

TEST_CASE("Orthanc demands commitment of the node and is told what it keeps and what not",
          "[system][commitment]") {
    const TempDir dir;
    Orthanc pacs;
    RunningNode node{{.destinations = {pacs.destination()}}};
    pacs.knows("BUCKY", node.dicom_port());
    const auto xray = write_xray(dir.path(), {.seed = 52});
    const auto transaction =
        pacs.send_and_demand(xray.file, kDxForPresentation, xray.uids.sop_instance_uid);
    CHECK(poll_until([&] { return pacs.commitment(transaction) == "Success"; }, 60s));
    const auto other = pacs.demand(kDxForPresentation, "1.2.826.0.1.3680043.9.404");
    CHECK(poll_until([&] { return pacs.commitment(other) == "Failure"; }, 60s));
}
