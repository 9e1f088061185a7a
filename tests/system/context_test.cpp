// SPDX-License-Identifier: Apache-2.0
// Results never appear in another patient's or study's context. Patients that are easily confused
// are sent in one association, and every object in the PACS is checked.
#include <algorithm>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

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

struct Person {
    std::string name, id, birth_date;
};

Xray xray_of(const TempDir& dir, std::uint64_t seed, const Person& person,
             std::vector<phantom::Finding> lesions) {
    XrayOptions options{.seed = seed, .lesions = std::move(lesions)};
    options.dicom.patient_name = person.name;
    options.dicom.patient_id = person.id;
    auto xray = write_xray(dir.path(), options);
    REQUIRE(run({"dcmodify", "--no-backup", "--insert", "(0010,0030)=" + person.birth_date,
                 "--insert", "(0010,0040)=F", xray.file.string()})
                .status == 0);
    return xray;
}

void check_context(const std::filesystem::path& result, const Xray& own, const Xray& other) {
    for (const auto* tag : {"0010,0010", "0010,0020", "0010,0030", "0010,0040", "0020,000d",
                            "0008,0020", "0008,0050"}) {
        INFO(tag);
        CHECK(attribute(result, tag) == attribute(own.file, tag));
    }
    CHECK(mentions(result, own.uids.sop_instance_uid));
    CHECK_FALSE(mentions(result, other.uids.sop_instance_uid));
    CHECK_FALSE(mentions(result, other.uids.study_uid));
    // Results carry no requested procedure priority: orders are not changed.
    CHECK(attribute(result, "0040,1003").empty());
    CHECK(mentions(result, "cxr-phantom"));
    CHECK(mentions(result, "1.1.0"));
}

}  // namespace

TEST_CASE("patients who share a name, or an ID, never share a result", "[system][results]") {
    const TempDir dir;
    const Person one{"Kim^Minji", "4711", "19700101"}, same_name{"Kim^Minji", "4712", "19830503"},
        same_id{"Lee^Jisoo", "4711", "19910909"};
    const std::vector<Xray> xrays{
        xray_of(dir, 61, one, {phantom::Finding::nodule}),
        xray_of(dir, 62, same_name, {phantom::Finding::pneumothorax}),
        xray_of(dir, 63, same_id, {}),
    };
    Orthanc pacs;
    RunningNode node{{.destinations = {pacs.destination()}}};
    // In one association, so that their studies are complete at the same moment.
    REQUIRE(dcmsend(node.dicom_port(), {xrays[1].file, xrays[0].file, xrays[2].file}, "BUCKY")
                .all_accepted());
    for (std::size_t at = 0; at < xrays.size(); ++at) {
        const auto& own = xrays[at];
        const auto& other = xrays[(at + 1) % xrays.size()];
        CAPTURE(at);
        const auto results = pacs.wait_for_results(own.uids.study_uid, 1);
        REQUIRE(results.reports.size() == 1);
        REQUIRE(results.overlays.size() == 1);
        CHECK(pacs.instances(own.uids.study_uid).size() == 2);
        check_context(pacs.file(results.reports[0]), own, other);
        check_context(pacs.file(results.overlays[0]), own, other);
    }
    // The findings are in the report of the right patient.
    const auto report = [&](std::size_t at) {
        return dsrdump(pacs.file(pacs.wait_for_results(xrays[at].uids.study_uid, 1).reports[0]));
    };
    CHECK(report(0).find("Lung nodule 1") != std::string::npos);
    CHECK(report(0).find("Pneumothorax 1") == std::string::npos);
    CHECK(report(1).find("Pneumothorax 1") != std::string::npos);
    CHECK(report(1).find("Lung nodule 1") == std::string::npos);
    CHECK(report(2).find("No finding above threshold") != std::string::npos);

    // The first patient comes again: its earlier report is named, others are not.
    const auto again = xray_of(dir, 67, one, {});
    REQUIRE(
        run({"dcmodify", "--no-backup", "--insert", "(0008,0020)=20260302", again.file.string()})
            .status == 0);
    REQUIRE(node.store(again.file) == 0x0000);
    const auto results = pacs.wait_for_results(again.uids.study_uid, 1);
    REQUIRE(results.reports.size() == 1);
    const auto second = pacs.file(results.reports[0]);
    CHECK(mentions(second, xrays[0].uids.study_uid));
    CHECK(mentions(second, "Earlier result 2026-01-02: DEMO AI result: Lung nodule"));
    CHECK_FALSE(mentions(second, xrays[1].uids.study_uid));
    CHECK_FALSE(mentions(second, xrays[2].uids.study_uid));
    CHECK(dciodvfy_errors(second).empty());
    CHECK(pixelmed_sr_errors(second).empty());
}

TEST_CASE("QIDO shows the names of Korean and Japanese patients as they are", "[system][results]") {
    const TempDir dir;
    Orthanc pacs{Orthanc::Plugins::dicom_web};
    RunningNode node{{.destinations = {pacs.destination()}}};
    struct Case {
        std::uint64_t seed;
        std::string written, alphabetic, ideographic, phonetic;
        std::string character_set;
    };
    // PS3.5 I.2 and H.3: the Korean name as hospitals send it, in ISO 2022 IR 149.
    const std::vector<Case> cases{
        {.seed = 64,
         .written = "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)"
                    "C\xb1\xe6\xb5\xbf",
         .alphabetic = "Hong^Gildong",
         .ideographic = "洪^吉洞",
         .phonetic = "홍^길동",
         .character_set = "\\ISO 2022 IR 149"},
        {.seed = 65,
         .written = "Kim^Gildong=金^吉童=김^길동",
         .alphabetic = "Kim^Gildong",
         .ideographic = "金^吉童",
         .phonetic = "김^길동",
         .character_set = "ISO_IR 192"},
        {.seed = 66,
         .written = "Yamada^Tarou=山田^太郎=やまだ^たろう",
         .alphabetic = "Yamada^Tarou",
         .ideographic = "山田^太郎",
         .phonetic = "やまだ^たろう",
         .character_set = "ISO_IR 192"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.seed);
        const auto xray = write_xray(dir.path(), {.seed = one.seed});
        REQUIRE(run({"dcmodify", "--no-backup", "--insert", "(0008,0005)=" + one.character_set,
                     "--insert", "(0010,0010)=" + one.written, xray.file.string()})
                    .status == 0);
        REQUIRE(node.store(xray.file) == 0x0000);
        const auto results = pacs.wait_for_results(xray.uids.study_uid, 1);
        REQUIRE(results.reports.size() == 1);
        REQUIRE(results.overlays.size() == 1);
        for (const auto* query : {"studies?", "series?Modality=SR&", "series?Modality=OT&"}) {
            CAPTURE(query);
            const auto answer = nlohmann::json::parse(
                pacs.dicom_web(std::string{query} + "StudyInstanceUID=" + xray.uids.study_uid +
                               "&includefield=00100010"));
            REQUIRE(answer.size() == 1);
            const auto name = answer[0].at("00100010").at("Value").at(0);
            CHECK(name.at("Alphabetic") == one.alphabetic);
            CHECK(name.at("Ideographic") == one.ideographic);
            CHECK(name.at("Phonetic") == one.phonetic);
        }
    }
}
