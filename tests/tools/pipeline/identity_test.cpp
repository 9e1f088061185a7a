// SPDX-License-Identifier: Apache-2.0
// What a device's words and numbers become on the way from an image to its results.
#include <algorithm>

#include <catch2/catch.hpp>

#include "inference/findings_json.h"
#include "tests/support/judges.h"
#include "tests/tools/node_harness.h"

using namespace bucky;
using namespace bucky::test;

namespace {

inference::ImageResult verdict_on(NodeHarness& harness, const phantom::DicomOptions& dicom) {
    harness.receive({.seed = 3, .dicom = dicom});
    REQUIRE(harness.infer_all() == 1);
    return inference::from_json(harness.images().at(0).result_json);
}

/// The words of the study's journal about values that its results do not have.
std::vector<std::string> left_out(NodeHarness& harness) {
    std::vector<std::string> words;
    for (const auto& entry : harness.context().journal.of_study(harness.study())) {
        if (entry.is(storage::JournalEvent::identity_left_out)) words.push_back(entry.words);
    }
    return words;
}

}  // namespace

TEST_CASE("an [[alias]] explains a device's word, for its sender alone", "[tools][words]") {
    phantom::DicomOptions dicom;
    dicom.body_part = "TX FACE";
    {
        NodeHarness harness;
        CHECK(verdict_on(harness, dicom).reason->key == "body_part.not_taken");
    }
    {
        NodeHarness harness;  // whose sender is XRAY1
        harness.settings.aliases = {{ExamAttribute::body_part, "TX FACE", "CHEST PA", "XRAY2"}};
        CHECK(verdict_on(harness, dicom).reason->key == "body_part.not_taken");
    }
    NodeHarness harness;
    harness.settings.aliases = {{ExamAttribute::body_part, "tx_face", "CHEST PA", "XRAY1"}};
    CHECK_FALSE(verdict_on(harness, dicom).reason.has_value());
    harness.hang_up();
    REQUIRE(harness.report_all() == 1);
    for (const auto& result : harness.results()) {  // results keep the word
        if (result.kind == "sr") continue;
        CHECK(attribute(result.file, "0018,0015") == "TX FACE");
    }
}

TEST_CASE("the journal names what results leave out, and no value of the patient's",
          "[tools][identity]") {
    NodeHarness harness;
    phantom::DicomOptions dicom;
    dicom.accession_number = "ACC\\1";
    dicom.patient_id = "DOMAIN\\7";
    harness.receive({.seed = 3, .dicom = dicom});
    harness.infer_all();
    harness.hang_up();
    REQUIRE(harness.report_all() == 1);
    for (const auto& result : harness.results()) {
        CHECK(attribute(result.file, "0008,0050").empty());
        CHECK(attribute(result.file, "0010,0020").empty());
    }
    const auto words = left_out(harness);
    REQUIRE(words.size() == 2);
    CHECK(std::ranges::count_if(words, [](const std::string& one) {
              return one.starts_with("AccessionNumber is left out") && one.ends_with("ACC\\1");
          }) == 1);
    CHECK(std::ranges::count_if(words, [](const std::string& one) {
              return one.starts_with("PatientID is left out") &&
                     one.find("DOMAIN") == std::string::npos;
          }) == 1);
}

TEST_CASE("two orders whose numbers differ behind the sixteenth character stay two",
          "[tools][identity]") {
    for (const auto* number : {"ACC-20260102-000001234", "ACC-20260102-000009999"}) {
        NodeHarness harness;
        phantom::DicomOptions dicom;
        dicom.accession_number = number;
        harness.receive({.seed = 3, .dicom = dicom});
        harness.infer_all();
        harness.hang_up();
        REQUIRE(harness.report_all() == 1);
        CHECK(left_out(harness).empty());
        for (const auto& result : harness.results()) {
            CHECK(attribute(result.file, "0008,0050") == number);
        }
    }
}
