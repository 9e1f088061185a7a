// SPDX-License-Identifier: Apache-2.0
// The Chest CAD SR against the examples of PS3.17 F.3 and the rows of TID 4100.
#include "dicom_sr/chest_cad/chest_cad.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "dicom_sr/common/part10.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"
#include "tests/dicom_sr/value.h"

using namespace bucky;
using namespace bucky::dicom_sr;
using examples::altered;

namespace {

std::string meaning(DcmItem& item, const DcmTagKey& sequence) {
    DcmItem* code = nullptr;
    return item.findAndGetSequenceItem(sequence, code).good() ? value(*code, DCM_CodeMeaning) : "";
}

void each(DcmItem& parent, const std::function<void(DcmItem&)>& visit) {
    DcmSequenceOfItems* items = nullptr;
    if (parent.findAndGetSequence(DCM_ContentSequence, items).bad() || items == nullptr) return;
    for (unsigned long i = 0; i < items->card(); ++i) visit(*items->getItem(i));
}

/// The tree in the notation of PS3.17: "1.2.1 Single Image Finding = Abnormal opacity".
void print(DcmItem& parent, const std::string& number, std::vector<std::string>& lines) {
    int n = 0;
    each(parent, [&](DcmItem& item) {
        const std::string node = number + "." + std::to_string(++n);
        std::string line = node + " " + meaning(item, DCM_ConceptNameCodeSequence);
        const std::string code = meaning(item, DCM_ConceptCodeSequence);
        if (!code.empty()) line += " = " + code;
        const std::string type = value(item, DCM_ValueType);
        if (type == "IMAGE") line += type;
        if (type == "SCOORD") line += " = " + value(item, DCM_GraphicType);
        lines.push_back(line);
        print(item, node, lines);
    });
}

std::vector<std::string> tree(const Object& object) {
    const auto file = from_part10(object.part10);
    std::vector<std::string> lines;
    print(*file->getDataset(), "1", lines);
    return lines;
}

/// A nodule detector with its result, as in F.3.
ReportedImage nodule_detected(double score) {
    auto image = examples::without_findings();
    image.result.findings = {examples::nodule(score)};
    image.result.findings[0].regions.resize(score < 0.5 ? 0 : 1);
    image.source.study_time = "";
    if (score >= 0.5) image.result.verdict = inference::Verdict::findings;
    return image;
}

Object made(std::vector<ReportedImage> images) {
    return chest_cad(examples::report(std::move(images)));
}

}  // namespace

TEST_CASE("a nodule detector that found nothing writes the tree of PS3.17 F.3.1", "[dicom_sr]") {
    CHECK(tree(made({nodule_detected(0.1)})) ==
          std::vector<std::string>{
              "1.1 Language of Content Item and Descendants = English", "1.2 Image Library",
              "1.2.1 IMAGE", "1.2.1.1 Image View = postero-anterior", "1.2.1.2 Study Date",
              "1.3 CAD Processing and Findings Summary = "
              "All algorithms succeeded; without findings",
              "1.4 Summary of Detections = Succeeded", "1.4.1 Successful Detections",
              "1.4.1.1 Detection Performed = Nodule", "1.4.1.1.1 Algorithm Name",
              "1.4.1.1.2 Algorithm Version", "1.4.1.1.3 Algorithm Manufacturer",
              "1.4.1.1.4 Algorithm Parameters", "1.4.1.1.5 Algorithm Parameters", "1.4.1.1.6 IMAGE",
              "1.5 Summary of Analyses = Not Attempted"});
}

TEST_CASE("a nodule detector that found one writes the finding of PS3.17 F.3.2", "[dicom_sr]") {
    const auto lines = tree(made({nodule_detected(0.8)}));
    const auto has = [&](const char* line) {
        INFO(line);
        CHECK(std::ranges::find(lines, line) != lines.end());
    };
    has("1.3 CAD Processing and Findings Summary = All algorithms succeeded; with findings");
    has("1.3.1 Single Image Finding = Abnormal opacity");
    has("1.3.1.1 Single Image Finding Modifier = Nodule");
    has("1.3.1.4 Rendering Intent = Presentation Required: Rendering device is expected to "
        "present");
    has("1.3.1.5 Algorithm Name");
    has("1.3.1.6 Algorithm Version");
    has("1.3.1.10 Certainty of Finding");
    has("1.3.1.11 Center = POINT");
    has("1.3.1.11.1 IMAGE");
    has("1.3.1.12 Outline = POLYLINE");
    has("1.3.1.12.1 IMAGE");
    has("1.4 Summary of Detections = Succeeded");
    has("1.5 Summary of Analyses = Not Attempted");
}

TEST_CASE("the processing status says what was analysed and what was not", "[dicom_sr]") {
    const auto said = [](std::vector<ReportedImage> images) {
        std::string summary;
        for (const auto& line : tree(made(std::move(images)))) {
            if (line.starts_with("1.3 ")) summary += line.substr(line.find('=') + 2);
            if (line.starts_with("1.4 ")) summary += " / " + line.substr(line.find('=') + 2);
        }
        return summary;
    };
    using namespace examples;
    CHECK(said({with_findings()}) == "All algorithms succeeded; with findings / Succeeded");
    CHECK(said({with_findings(1), lateral(2)}) ==
          "Not all algorithms succeeded; with findings / Partially Succeeded");
    CHECK(said({without_findings(1), failed(2)}) ==
          "Not all algorithms succeeded; without findings / Partially Succeeded");
    CHECK(said({lateral()}) == "No algorithms succeeded; without findings / Not Attempted");
    CHECK(said({failed()}) == "No algorithms succeeded; without findings / Failed");
}

TEST_CASE(
    "a finding that CID 6102 has no word for is an Abnormal opacity, or what its package says",
    "[dicom_sr]") {
    auto image = examples::without_findings();
    image.result.findings = {examples::pneumonia(0.9)};
    image.result.verdict = inference::Verdict::findings;
    const auto said = [&] {
        std::string words;
        for (const auto& line : tree(made({image}))) words += line + '\n';
        return words;
    };
    CHECK_THAT(said(), Catch::Contains("with findings") &&
                           Catch::Contains("Single Image Finding = Abnormal opacity") &&
                           !Catch::Contains("Single Image Finding Modifier"));
    auto& finding = image.result.findings[0];
    finding.cad = {{"112064", "DCM", "Abnormal texture"},
                   inference::Code{"112129", "DCM", "Miliary pattern"}};
    CHECK_THAT(said(), Catch::Contains("Single Image Finding = Abnormal texture") &&
                           Catch::Contains("Modifier = Miliary pattern"));
}

TEST_CASE("a finding that is no opacity is not in a Chest CAD SR", "[dicom_sr]") {
    auto image = examples::without_findings();
    image.result.findings = {examples::pneumonia(0.9)};
    image.result.findings[0].code = {"8186001", "SCT", "Cardiomegaly"};
    CHECK_FALSE(is_chest_cad_finding(image.result.findings[0]));
    for (const auto& line : tree(made({image}))) {
        CHECK(line.find("Single Image Finding") == std::string::npos);
    }
}

TEST_CASE("dciodvfy and our row checker find no error in any Chest CAD SR", "[dicom_sr]") {
    test::Folder folder;
    using namespace examples;
    auto korean = with_findings();
    korean.source.patient_name = "Hong^Gildong=洪^吉洞=홍^길동";
    auto unlocated = with_findings();
    for (auto& finding : unlocated.result.findings) finding.regions.clear();
    auto anonymous = with_findings();
    anonymous.source = lateral().source;
    anonymous.source.patient_id = "";
    anonymous.source.study_date = "";
    const std::vector<std::vector<ReportedImage>> studies{{korean},
                                                          {without_findings()},
                                                          {unlocated},
                                                          {with_findings(1), lateral(2)},
                                                          {lateral()},
                                                          {failed()},
                                                          {without_findings(1), failed(2)},
                                                          {anonymous}};
    for (const auto& images : studies) {
        const Object object = made(images);
        CHECK(verify(object, images.front().source) == std::vector<std::string>{});
        CHECK(test::iod_errors(folder.keep("cad.dcm", object.part10)) == "");
        CHECK(test::output_of("dsrdump +Pl " + (folder.path() / "cad.dcm").string())
                  .find("Chest CAD Report") != std::string::npos);
    }
}

TEST_CASE("the row checker detects a row that is missing, moved or outside its context group",
          "[dicom_sr]") {
    const Object good = made({examples::with_findings()});
    const auto source = examples::source();
    /// Whether verify reports a problem after this change to the n-th item of the root.
    const auto complains = [&](unsigned long n, const std::function<void(DcmItem&)>& change) {
        const Object bad = altered(good, [&](DcmDataset& dataset) {
            DcmSequenceOfItems* items = nullptr;
            REQUIRE(dataset.findAndGetSequence(DCM_ContentSequence, items).good());
            change(*items->getItem(n));
        });
        return !verify(bad, source).empty();
    };
    const auto drop_content = [](DcmItem& item) { item.findAndDeleteElement(DCM_ContentSequence); };
    const auto rename = [](DcmItem& item) {
        DcmItem* code = nullptr;
        REQUIRE(item.findAndGetSequenceItem(DCM_ConceptNameCodeSequence, code).good());
        code->putAndInsertString(DCM_CodeValue, "999999");
    };
    const auto revalue = [](DcmItem& item) {
        DcmItem* code = nullptr;
        REQUIRE(item.findAndGetSequenceItem(DCM_ConceptCodeSequence, code).good());
        code->putAndInsertString(DCM_CodeValue, "111151");
    };
    const auto relate = [](DcmItem& item) {
        item.putAndInsertString(DCM_RelationshipType, "HAS OBS CONTEXT");
    };
    CHECK_FALSE(complains(0, [](DcmItem&) {}));
    CHECK(complains(0, rename));
    CHECK(complains(2, drop_content));  // the summary says findings, but there are none
    CHECK(complains(2, revalue));
    CHECK(complains(3, drop_content));
    CHECK(complains(3, relate));
    CHECK(complains(4, rename));
    CHECK(complains(2, [](DcmItem& summary) {
        each(summary, [](DcmItem& finding) { finding.findAndDeleteElement(DCM_ContentSequence); });
    }));
}
