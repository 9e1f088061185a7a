// SPDX-License-Identifier: Apache-2.0
// Which earlier studies a report names, and which never.
#include "tools/bucky/pipeline/priors.h"

#include <catch2/catch.hpp>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "tests/tools/node_harness.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;

namespace {

struct Person {
    std::string name = "Kim^Minji", id = "4711", issuer = "HOSPITAL", birth_date = "19700101";
    std::string sex = "F";
};

/// Stores and analyses one X-ray of a person; returns its study.
std::string take_xray(NodeHarness& harness, std::uint64_t seed, const Person& person,
                      const std::string& study_date) {
    const auto drawn =
        phantom::draw(phantom::random_recipe(seed, 400, 400, {phantom::Finding::nodule}));
    const auto file = harness.dir / "xray.dcm";
    const auto ids = phantom::write_dicom(drawn, {}, file);
    DcmFileFormat format;
    REQUIRE(format.loadFile(file.c_str()).good());
    for (const auto& [tag, value] :
         {std::pair{DCM_PatientName, person.name}, std::pair{DCM_PatientID, person.id},
          std::pair{DCM_IssuerOfPatientID, person.issuer},
          std::pair{DCM_PatientBirthDate, person.birth_date}, std::pair{DCM_PatientSex, person.sex},
          std::pair{DCM_StudyDate, study_date}}) {
        REQUIRE(format.getDataset()->putAndInsertOFStringArray(tag, value).good());
    }
    const auto named = harness.dir / "named.dcm";  // the pixels are still read from the first
    REQUIRE(format.saveFile(named.c_str()).good());
    harness.clock.advance_ms(1000);
    harness.receive_bytes(read_text(named), Uid{ids.sop_instance_uid}, Uid{ids.study_uid});
    harness.hang_up();
    REQUIRE(harness.infer_all() == 1);
    return ids.study_uid;
}

/// The same, and reported.
std::string read_xray(NodeHarness& harness, std::uint64_t seed, const Person& person,
                      const std::string& study_date) {
    const auto study = take_xray(harness, seed, person, study_date);
    REQUIRE(harness.report_all() == 1);
    return study;
}

std::string report_of(NodeHarness& harness, const std::string& study) {
    for (const auto& result : harness.context().outbox.results_of_study(study)) {
        if (result.kind == "sr") return read_text(result.file);
    }
    return {};
}

bool names(const std::string& report, const std::string& other_study) {
    return report.find(other_study) != std::string::npos;
}

}  // namespace

TEST_CASE("a patient's next study names the reports of the earlier ones, the newest first",
          "[tools]") {
    NodeHarness harness;
    std::vector<std::string> studies;
    for (const auto* date : {"20250101", "20250201", "20250301", "20250401", "20250501"}) {
        studies.push_back(read_xray(harness, 71 + studies.size(), {}, date));
    }
    CHECK_FALSE(names(report_of(harness, studies[0]), studies[1]));
    CHECK(names(report_of(harness, studies[1]), studies[0]));
    const auto last = report_of(harness, studies[4]);
    for (const std::size_t at : {1U, 2U, 3U}) CHECK(names(last, studies[at]));
    CHECK_FALSE(names(last, studies[0]));  // three are enough
    const auto newest = last.find("Earlier result 2025-04-01: DEMO AI result: ");
    const auto oldest = last.find("Earlier result 2025-02-01: DEMO AI result: ");
    REQUIRE(newest != std::string::npos);
    REQUIRE(oldest != std::string::npos);
    CHECK(newest < oldest);
}

TEST_CASE(
    "studies of one patient that come at once name each other in their order, however many "
    "workers report them",
    "[tools]") {
    NodeHarness harness;
    std::vector<std::string> studies;
    for (const auto* date : {"20250101", "20250201", "20250301", "20250401"}) {
        studies.push_back(take_xray(harness, 71 + studies.size(), {}, date));
    }
    harness.report_all_by(4);
    for (std::size_t at = 1; at < studies.size(); ++at) {
        CHECK(names(report_of(harness, studies[at]), studies[at - 1]));
    }
}

TEST_CASE("nobody else's study is named as an earlier one", "[tools]") {
    NodeHarness harness;
    const auto first = read_xray(harness, 71, {}, "20250101");
    std::uint64_t seed = 72;
    const auto is_named_for = [&](const Person& person, const std::string& date) {
        return names(report_of(harness, read_xray(harness, seed++, person, date)), first);
    };
    const auto who = [](auto&& change) {
        Person person;
        change(person);
        return person;
    };
    CHECK_FALSE(is_named_for(who([](Person& p) { p.id = "4712"; }), "20250601"));
    CHECK_FALSE(is_named_for(who([](Person& p) { p.id = ""; }), "20250601"));
    CHECK_FALSE(is_named_for(who([](Person& p) { p.issuer = "CLINIC"; }), "20250601"));
    CHECK_FALSE(is_named_for(who([](Person& p) { p.birth_date = "19700102"; }), "20250601"));
    CHECK_FALSE(is_named_for(who([](Person& p) { p.birth_date = ""; }), "20250601"));
    CHECK_FALSE(is_named_for(who([](Person& p) { p.sex = "M"; }), "20250601"));
    CHECK_FALSE(is_named_for({}, "20241231"));  // it came later, but was acquired earlier
    CHECK_FALSE(is_named_for({}, ""));
    // the name makes no difference
    CHECK(is_named_for(who([](Person& p) { p.name = "Park^Minji"; }), "20250601"));
}

TEST_CASE("who cannot be told from others for sure has no digest", "[tools]") {
    dicom_sr::Source source;
    source.patient_id = "4711";
    source.birth_date = "19700101";
    CHECK(patient_digest(source).size() == 64);
    CHECK(patient_digest(source).find("4711") == std::string::npos);
    auto other = source;
    other.birth_date = "1970.01.01";  // as ACR-NEMA wrote it
    CHECK(patient_digest(other) == patient_digest(source));
    other = source;
    other.originals = {{0x0010, 0x0020, "4711\xB1", dicom_sr::OriginalText::Why::lost}};
    CHECK(patient_digest(other).empty());
    other = source;
    other.birth_date.clear();
    CHECK(patient_digest(other).empty());
    other = source;
    other.patient_id.clear();
    CHECK(patient_digest(other).empty());
}
