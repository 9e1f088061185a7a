// SPDX-License-Identifier: Apache-2.0
// A modality that opens an association for each image of a study: the radiologist gets a few
// reports, not one per image.
#include <algorithm>
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "conf/base/clock.h"
#include "storage/site.h"
#include "storage/studies.h"
#include "tests/support/fake_pacs.h"
#include "tests/support/ledger.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wire_client.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;

namespace {

constexpr auto kStudyUid = "2.25.150150";

/// The data set of a radiograph of this study; no model takes it, so it gets its verdict at once.
Bytes template_dataset() {
    const TempDir dir;
    XrayOptions options{.seed = 61, .rows = 256, .columns = 256};
    options.dicom.study_uid = kStudyUid;
    options.dicom.series_uid = "2.25.150150.1";
    options.dicom.sop_instance_uid = "2.25.150150.1.1000";
    options.dicom.view_position = "LL";
    return dataset_of(write_xray(dir.path(), options).file.string());
}

/// Another image: identical except for its UID, of the same length.
Bytes with_number(Bytes dataset, int number) {
    const std::string before = "2.25.150150.1.1000";
    const auto after = "2.25.150150.1." + std::to_string(1000 + number);
    const auto at = std::search(dataset.begin(), dataset.end(), before.begin(), before.end());
    REQUIRE(at != dataset.end());
    std::copy(after.begin(), after.end(), at);
    return dataset;
}

bool is_reported(const RunningNode& node, int images) {
    const SystemClock clock;
    storage::Database db = storage::Site{node.data_dir()}.open(storage::Database::Mode::read_only);
    const auto line = storage::Studies{db, clock}.line(kStudyUid);
    return line && line->images == images && line->pending == 0 &&
           line->state == storage::StudyState::reported && line->deliveries_open == 0;
}

}  // namespace

TEST_CASE("150 images of a study, one association each, make few reports and all are named",
          "[system][results]") {
    constexpr int kImages = 150;
    FakePacs pacs;
    RunningNode node{{.destinations = {pacs.destination()}}};
    const auto dataset = template_dataset();
    for (int i = 0; i < kImages; ++i) {
        WireClient client(node.dicom_port());
        REQUIRE(client.associate({kDxForPresentation, kExplicitLittleEndian}) == 2);
        const auto uid = "2.25.150150.1." + std::to_string(1000 + i);
        REQUIRE(client.store(uid, with_number(dataset, i)) == 0);
        client.release();
    }
    REQUIRE(poll_until([&] { return is_reported(node, kImages); }, 120s));
    const auto reports = pacs.stored().size();
    INFO(reports << " reports");
    CHECK((reports >= 1 && reports <= 5));
}
