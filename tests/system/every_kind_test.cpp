// SPDX-License-Identifier: Apache-2.0
// Every kind of object that `send` knows, at a real archive: accepted, each in its own patient's
// study, and valid as the archive returns it.
#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "conf/dicom/result_kinds.h"
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

/// A frontal image with a nodule and a lateral beside it, both of one study.
std::vector<Xray> a_study(const TempDir& dir, std::uint64_t seed, const std::string& patient_id) {
    XrayOptions options{.seed = seed, .lesions = {phantom::Finding::nodule}};
    options.dicom.patient_name = "Kim^Minji=金^敏智=김^민지";
    options.dicom.patient_id = patient_id;
    std::vector images{write_xray(dir.path(), options)};
    options.seed += 1000;
    options.lesions.clear();
    options.dicom.view_position = "LL";
    options.dicom.study_uid = images.front().uids.study_uid;
    images.push_back(write_xray(dir.path(), options));
    return images;
}

std::map<std::string, int> classes_of(const std::vector<Held>& held) {
    std::map<std::string, int> classes;
    for (const auto& one : held) ++classes[one.sop_class];
    return classes;
}

}  // namespace

TEST_CASE("an archive takes every kind of object that it may be sent, each in its own study",
          "[system][results][delivery]") {
    const TempDir dir;
    Orthanc pacs;
    auto destination = pacs.destination();
    std::string words;
    for (const auto& row : kResultKinds) {
        words += fmt::format("{}\"{}\"", words.empty() ? "" : ", ", row.word);
    }
    destination.more = "send = [" + words + "]\nlanguage = \"ko\"\n";
    RunningNode node{{.destinations = {destination}, .more = "[overlay]\nstyle = \"both\"\n"}};
    const std::vector studies{a_study(dir, 71, "4711"), a_study(dir, 72, "4712")};
    std::vector<std::filesystem::path> files;
    for (const auto& study : studies) {
        for (const auto& image : study) files.push_back(image.file);
    }
    REQUIRE(dcmsend(node.dicom_port(), files, "BUCKY").all_accepted());

    // of each kind one: the lateral has the notice, the other image what is drawn of it
    std::map<std::string, int> expected;
    for (const auto& row : kResultKinds) ++expected[std::string{row.classes.front()}];
    for (std::size_t at = 0; at < studies.size(); ++at) {
        CAPTURE(at);
        const auto& own = studies[at].front();
        const auto& other = studies[1 - at].front();
        (void)poll_until(
            [&] { return pacs.instances(own.uids.study_uid).size() >= kResultKinds.size(); }, 120s);
        const auto held = pacs.instances(own.uids.study_uid);
        CHECK(classes_of(held) == expected);
        for (const auto& one : held) {
            CAPTURE(one.sop_class);
            const auto file = pacs.file(one);
            CHECK(dciodvfy_errors(file).empty());
            for (const auto* tag : {"0010,0010", "0010,0020", "0020,000d", "0008,0020"}) {
                CHECK(attribute(file, tag) == attribute(own.file, tag));
            }
            CHECK_FALSE(mentions(file, other.uids.study_uid));
            CHECK_FALSE(mentions(file, other.uids.sop_instance_uid));
            CHECK(attribute(file, "0040,1003").empty());  // orders are not changed
            if (one.sop_class == kComprehensive3dSr) {
                CHECK(dsrdump(file).find("Visual Explanation") != std::string::npos);
            }
        }
    }
}
