// SPDX-License-Identifier: Apache-2.0
// The main use: an X-ray arrives over C-STORE, its findings are stored in a real PACS, in the same
// study, and third-party validators find no fault.
#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/judges.h"
#include "tests/support/orthanc.h"
#include "tests/support/part10.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;

namespace {

constexpr auto kNone = std::vector<std::string>{};

/// As at a site: the PACS has the X-ray, the node gets a copy.
void send_to_both(const Xray& xray, Orthanc& pacs, RunningNode& node) {
    REQUIRE(dcmsend(pacs.dicom_port(), {xray.file}, "ORTHANC").all_accepted());
    REQUIRE(node.store(xray.file) == 0x0000);
}

void check_same_patient_and_study(const std::filesystem::path& result, const Xray& xray) {
    for (const auto* tag : {"0010,0010", "0010,0020", "0010,0030", "0010,0040", "0020,000d",
                            "0008,0020", "0008,0050"}) {
        INFO(tag);
        CHECK(attribute(result, tag) == attribute(xray.file, tag));
    }
}

}  // namespace

TEST_CASE("an X-ray's report and picture stand in its study, valid in the eyes of others",
          "[system][results]") {
    const TempDir dir;
    XrayOptions options{.seed = 21, .lesions = {phantom::Finding::pneumothorax}};
    options.rows = 1250;
    options.columns = 1024;
    options.dicom.patient_name = "Kim^Gildong=金^吉童=김^길동";
    options.dicom.accession_number = "A-4711";
    const auto xray = write_xray(dir.path(), options);
    Orthanc pacs;
    RunningNode node{{.destinations = {pacs.destination()}}};
    send_to_both(xray, pacs, node);

    const auto results = pacs.wait_for_results(xray.uids.study_uid, 1);
    REQUIRE(results.reports.size() == 1);
    REQUIRE(results.overlays.size() == 1);
    CHECK(pacs.instances(xray.uids.study_uid).size() == 3);

    const auto report = pacs.file(results.reports[0]);
    check_same_patient_and_study(report, xray);
    CHECK(dciodvfy_errors(report) == kNone);
    CHECK(pixelmed_sr_errors(report) == kNone);
    CHECK(mentions(report, xray.uids.sop_instance_uid));
    const auto text = dsrdump(report);
    CHECK(text.find("Imaging Measurement Report") != std::string::npos);
    CHECK(text.find("neumothorax") != std::string::npos);

    const auto overlay = pacs.file(results.overlays[0]);
    check_same_patient_and_study(overlay, xray);
    CHECK(dciodvfy_errors(overlay) == kNone);
    CHECK(mentions(overlay, xray.uids.sop_instance_uid));
}

TEST_CASE("an image that is not analysed gets a valid report with the reason, and no picture",
          "[system][results]") {
    const TempDir dir;
    XrayOptions options{.seed = 22};
    options.dicom.view_position = "LL";
    const auto lateral = write_xray(dir.path(), options);
    Orthanc pacs;
    RunningNode node{{.destinations = {pacs.destination()}}};
    send_to_both(lateral, pacs, node);

    const auto results = pacs.wait_for_results(lateral.uids.study_uid, 0);
    REQUIRE(results.reports.size() == 1);
    const auto report = pacs.file(results.reports[0]);
    CHECK(dciodvfy_errors(report) == kNone);
    CHECK(dsrdump(report).find("Not Attempted") != std::string::npos);
    CHECK(results.overlays.empty());
}

TEST_CASE("a resend makes no second result", "[system][results]") {
    const TempDir dir;
    const auto first = write_xray(dir.path(), {.seed = 23});
    const auto second = write_xray(dir.path(), {.seed = 24});
    Orthanc pacs;
    RunningNode node{{.destinations = {pacs.destination()}}};
    REQUIRE(node.store(first.file) == 0x0000);
    const auto once = pacs.wait_for_results(first.uids.study_uid, 1);
    REQUIRE(once.reports.size() == 1);

    REQUIRE(node.store(first.file) == 0x0000);
    CHECK(node.logged("kept=again"));
    REQUIRE(node.store(second.file) == 0x0000);  // results of the resend would come first
    REQUIRE(pacs.wait_for_results(second.uids.study_uid, 1).reports.size() == 1);
    const auto twice = pacs.wait_for_results(first.uids.study_uid, 1);
    CHECK(twice.reports.size() == 1);
    CHECK(twice.overlays.size() == 1);
    CHECK(twice.reports[0].sop_instance == once.reports[0].sop_instance);
}

TEST_CASE("a late image makes a report that supersedes the first one", "[system][results]") {
    const TempDir dir;
    XrayOptions options{.seed = 25, .lesions = {phantom::Finding::nodule}};
    options.dicom.study_uid = "2.25.778899";
    options.dicom.patient_id = "SAME";
    options.dicom.patient_name = "Same^Patient";
    const auto early = write_xray(dir.path(), options);
    options.seed = 26;
    options.dicom.instance_number = 2;
    const auto late = write_xray(dir.path(), options);
    Orthanc pacs;
    RunningNode node{{.destinations = {pacs.destination()}}};

    REQUIRE(node.store(early.file) == 0x0000);
    const auto first = pacs.wait_for_results("2.25.778899", 1);
    REQUIRE(first.reports.size() == 1);
    REQUIRE(node.store(late.file) == 0x0000);
    std::vector<Held> reports;
    REQUIRE(poll_until(
        [&] {
            reports = pacs.instances("2.25.778899", kComprehensive3dSr);
            return reports.size() == 2;
        },
        60s));
    const auto newer = std::find_if(reports.begin(), reports.end(), [&](const Held& one) {
        return one.sop_instance != first.reports[0].sop_instance;
    });
    const auto report = pacs.file(*newer);
    CHECK(mentions(report, early.uids.sop_instance_uid));
    CHECK(mentions(report, late.uids.sop_instance_uid));
    CHECK(mentions(report, first.reports[0].sop_instance));  // Predecessor Documents Sequence
    CHECK(dciodvfy_errors(report) == kNone);
}

TEST_CASE("stacks that share no code with ours are understood", "[system][wire]") {
    const TempDir dir;
    const auto by_odil = write_xray(dir.path(), {.seed = 27});
    const auto by_pixelmed = write_xray(dir.path(), {.seed = 28});
    RunningNode node;
    CHECK(odil_store(node.dicom_port(), by_odil.file).status == 0);
    const auto said = pixelmed_store(node.dicom_port(), by_pixelmed.file);
    INFO(said.output);
    CHECK_FALSE(node.verdict_line(by_odil.uids.sop_instance_uid).empty());
    CHECK_FALSE(node.verdict_line(by_pixelmed.uids.sop_instance_uid).empty());
}
