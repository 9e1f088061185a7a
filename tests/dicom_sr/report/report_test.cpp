// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "conf/base/error.h"
#include "dicom_sr/common/identity.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/report/measurement_report.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/value.h"
#include "tests/support/exhibits.h"

using namespace bucky;
using namespace bucky::dicom_sr;
using inference::Answer;

namespace {

std::string code(DcmItem& item, const DcmTagKey& sequence, const DcmTagKey& part) {
    DcmItem* code = nullptr;
    if (item.findAndGetSequenceItem(sequence, code).bad()) return {};
    return value(*code, part);
}

std::string name(DcmItem& item) {
    return code(item, DCM_ConceptNameCodeSequence, DCM_CodeValue);
}
std::string coded(DcmItem& item) {
    return code(item, DCM_ConceptCodeSequence, DCM_CodeValue);
}

std::vector<DcmItem*> items(DcmItem& parent, const DcmTagKey& sequence) {
    std::vector<DcmItem*> found;
    DcmSequenceOfItems* all = nullptr;
    if (parent.findAndGetSequence(sequence, all).bad() || all == nullptr) return found;
    for (unsigned long i = 0; i < all->card(); ++i) found.push_back(all->getItem(i));
    return found;
}

std::vector<DcmItem*> children(DcmItem& parent, const std::string& named) {
    auto all = items(parent, DCM_ContentSequence);
    std::erase_if(all, [&](DcmItem* item) { return name(*item) != named; });
    return all;
}

/// A report, parsed again.
struct Read {
    explicit Read(const StudyReport& report)
        : object(measurement_report(report)), file(from_part10(object.part10)) {}

    DcmDataset& dataset() { return *file->getDataset(); }
    std::vector<DcmItem*> groups() {
        const auto all = children(dataset(), "126010");
        return all.empty() ? std::vector<DcmItem*>{} : children(*all[0], "125007");
    }
    DcmItem& answers() { return *children(dataset(), "C0034375").at(0); }

    Object object;
    std::unique_ptr<DcmFileFormat> file;
};

std::vector<float> points(DcmItem& group) {
    const Float32* data = nullptr;
    unsigned long count = 0;
    children(group, "111030").at(0)->findAndGetFloat32Array(DCM_GraphicData, data, &count);
    return {data, data + count};
}

const std::vector<float> kEdge{0, 0, 1600, 0, 1600, 2000, 0, 2000, 0, 0};

std::string one_number(DcmItem& item) {
    DcmItem* measured = nullptr;
    REQUIRE(item.findAndGetSequenceItem(DCM_MeasuredValueSequence, measured).good());
    return value(*measured, DCM_NumericValue);
}

}  // namespace

TEST_CASE("the same job gives the same bytes and the same UIDs", "[dicom_sr]") {
    const auto job = examples::report({examples::with_findings(), examples::lateral()});
    const Object once = measurement_report(job);
    const Object again = measurement_report(job);
    CHECK(once.part10 == again.part10);
    CHECK(once.sop_instance == report_uid(job.images));

    auto other_order = job;
    std::ranges::reverse(other_order.images);
    CHECK(report_uid(other_order.images) == once.sop_instance);

    auto retrained = job;
    retrained.images[0].result.model->sha256[0] = '0';
    CHECK(report_uid(retrained.images) != once.sop_instance);

    auto fewer = job;
    fewer.images.pop_back();
    CHECK(report_uid(fewer.images) != once.sop_instance);
    CHECK(measurement_report(fewer).series != once.series);  // a version has its own title
}

TEST_CASE("an image that failed and was analysed later gives another report", "[dicom_sr]") {
    CHECK(report_uid({examples::failed(1)}) != report_uid({examples::with_findings(1)}));
}

TEST_CASE("each outline is closed and has a group with its side, score and algorithm",
          "[dicom_sr]") {
    auto image = examples::with_findings();
    image.result.findings[0] = examples::nodule(0.62, 3);
    Read report(examples::report({image}));
    REQUIRE(report.groups().size() == 4);  // three nodules, one pneumothorax

    std::set<std::string> uids;
    for (DcmItem* group : report.groups()) {
        uids.insert(value(*children(*group, "112040").at(0), DCM_UID));
        const auto outline = points(*group);
        REQUIRE(outline.size() == 2 * 25);
        CHECK(outline[0] == outline[48]);
        CHECK(outline[1] == outline[49]);
        const auto first = items(*children(*group, "111030").at(0), DCM_ContentSequence).at(0);
        CHECK(value(*first, DCM_ValueType) == "IMAGE");
        CHECK(value(*children(*group, "111001").at(0), DCM_TextValue) == "cxr-phantom");
        CHECK(value(*children(*group, "125309").at(0), DCM_TextValue).starts_with("AI "));
        const auto parameters = children(*group, "111002");
        REQUIRE(parameters.size() == 3);
        CHECK(value(*parameters[0], DCM_TextValue) == "threshold 0.5");
        CHECK(value(*parameters[1], DCM_TextValue).find(examples::model().sha256) !=
              std::string::npos);
    }
    CHECK(uids.size() == 4);

    DcmItem& highest = *report.groups().at(0);  // highest score first
    CHECK(coded(*children(highest, "121071").at(0)) == "36118008");
    DcmItem& site = *children(highest, "363698007").at(0);
    CHECK(coded(site) == "3120008");  // of the pleura, not of the lung
    CHECK(coded(*children(site, "272741003").at(0)) == "7771000");  // left
    DcmItem& score = *children(highest, "S.36118008").at(0);
    CHECK(one_number(score) == "0.97");
    CHECK(code(score, DCM_ConceptNameCodeSequence, DCM_CodeMeaning) == "AI score, Pneumothorax");
    CHECK(children(highest, "R.36118008").empty());  // one number a label
}

TEST_CASE("a report names the device that answered, where it was not here, and what was masked",
          "[dicom_sr][remote][privacy]") {
    auto image = examples::with_findings();
    image.result.device = "remote: ai.example";
    image.result.masked = 2;
    Read report(examples::report({image}));
    for (DcmItem* group : report.groups()) {
        const auto parameters = children(*group, "111002");
        REQUIRE(parameters.size() == 5);
        CHECK(value(*parameters[3], DCM_TextValue) == "analysed by remote: ai.example");
        CHECK(value(*parameters[4], DCM_TextValue) ==
              "text masked before the image was sent, places: 2");
    }
}

TEST_CASE("every finding of every analysed image has an answer, also if it is absent",
          "[dicom_sr]") {
    auto second = examples::without_findings(2);
    second.result.findings[1].answer = Answer::undetermined;
    Read report(examples::report({examples::with_findings(1), second}));
    std::map<std::string, std::vector<std::string>> answers;
    for (DcmItem* item : items(report.answers(), DCM_ContentSequence)) {
        if (value(*item, DCM_ValueType) != "CODE") continue;
        if (name(*item) == "model-purpose") continue;  // purpose_test.cpp
        answers[name(*item)].push_back(coded(*item));
        const auto below = items(*item, DCM_ContentSequence);
        CHECK(std::ranges::count(below, std::string("IMAGE"),
                                 [](DcmItem* child) { return value(*child, DCM_ValueType); }) == 1);
        CHECK(children(*item, "T." + name(*item)).size() == 1);
        CHECK(children(*item, "S." + name(*item)).size() == 1);
    }
    const std::string present = "52101004";
    const std::string absent = "272519000";
    CHECK(answers["27925004"] == std::vector<std::string>{present, absent});
    CHECK(answers["36118008"] == std::vector<std::string>{present, "373068000"});
    CHECK(answers["233604007"] == std::vector<std::string>{absent, absent});
}

TEST_CASE("an image that was not analysed is listed with its reason, as code and text",
          "[dicom_sr]") {
    Read report(examples::report({examples::with_findings(1), examples::lateral(2)}));
    CHECK(report.groups().size() == 2);  // only those of the findings
    DcmItem& status = *children(report.answers(), "111065").at(0);
    CHECK(coded(status) == "111225");  // not attempted
    CHECK(coded(*children(status, "reason").at(0)) == "view");
    CHECK(value(*children(status, "121106").at(0), DCM_TextValue).find("frontal images only") !=
          std::string::npos);
    const auto library = children(*children(report.dataset(), "111028").at(0), "126200").at(0);
    CHECK(items(*library, DCM_ContentSequence).size() == 2);
    CHECK(value(report.dataset(), DCM_CompletionFlag) == "COMPLETE");
}

TEST_CASE("a warning about an image is listed with its answers, as code and text", "[dicom_sr]") {
    auto image = examples::with_findings();
    image.result.warnings = {{"gate.mirrored",
                              {"LOOKS_MIRRORED", "99BUCKY", "Picture looks mirrored"},
                              "left and right may be exchanged"}};
    Read report(examples::report({image}));
    const auto warned = children(report.answers(), "warning");
    REQUIRE(warned.size() == 1);
    CHECK(coded(*warned[0]) == "LOOKS_MIRRORED");
    CHECK(value(*children(*warned[0], "121106").at(0), DCM_TextValue) ==
          "left and right may be exchanged");
    CHECK(items(*warned[0], DCM_ContentSequence).size() == 2);  // and the image that it concerns
}

TEST_CASE("a failure makes the report partial, and the report states it", "[dicom_sr]") {
    Read report(examples::report({examples::with_findings(1), examples::failed(2)}));
    CHECK(value(report.dataset(), DCM_CompletionFlag) == "PARTIAL");
    CHECK(value(report.dataset(), DCM_CompletionFlagDescription) ==
          "1 of 2 images could not be analysed");
    CHECK(coded(*children(report.answers(), "111065").at(0)) == "111224");  // failed
}

TEST_CASE("a study without findings has the edge of each image with the scores", "[dicom_sr]") {
    Read report(examples::report({examples::without_findings(1), examples::lateral(2)}));
    const auto groups = report.groups();
    REQUIRE(groups.size() == 2);
    CHECK(points(*groups[0]) == kEdge);
    CHECK(coded(*children(*groups[0], "121071").at(0)) == "no-finding");
    CHECK(one_number(*children(*groups[0], "S.36118008").at(0)) == "0.03");
    CHECK(children(*groups[0], "363698007").empty());  // the whole image has no side
    CHECK(points(*groups[1]) == kEdge);
    CHECK(coded(*children(*groups[1], "121071").at(0)) == "not-analysed");
    CHECK(one_number(*children(*groups[1], "images-not-anal").at(0)) == "1");
}

TEST_CASE("a finding without a place is drawn as the edge of the image", "[dicom_sr]") {
    auto image = examples::with_findings();
    image.result.findings[1].regions.clear();
    Read report(examples::report({image}));
    REQUIRE(report.groups().size() == 2);
    CHECK(coded(*children(*report.groups()[0], "121071").at(0)) == "36118008");
    CHECK(points(*report.groups()[0]) == kEdge);
}

TEST_CASE("an image of unknown size is reported without a frame", "[dicom_sr]") {
    auto image = examples::failed();
    image.source.rows = 0;
    Read report(examples::report({image}));
    CHECK(report.groups().empty());
    CHECK(children(report.answers(), "111065").size() == 1);
    CHECK(verify(report.object, image.source).empty());
}

TEST_CASE("two images with the same UID are reported, and its outline is drawn once",
          "[dicom_sr]") {
    auto twin = examples::lateral(1);
    twin.result.reason->key = "instance.conflicting";
    const auto job = examples::report({examples::lateral(1), twin});
    Read report(job);
    CHECK(verify(report.object, job.images[0].source).empty());
    CHECK(children(report.answers(), "111065").size() == 2);
}

TEST_CASE("a superseding report refers to the one before it, never to itself", "[dicom_sr]") {
    auto job = examples::report({examples::with_findings(1)});
    const Uid first = measurement_report(job).sop_instance;
    const Uid series("1.2.3.4");  // in which it was sent, perhaps by an older version
    job.predecessor = {first, series};
    Read same(job);
    CHECK_FALSE(same.dataset().tagExists(DCM_PredecessorDocumentsSequence));

    job.images.push_back(examples::lateral(2));
    Read report(job);
    auto study = items(report.dataset(), DCM_PredecessorDocumentsSequence);
    REQUIRE(study.size() == 1);
    auto in_series = items(*study[0], DCM_ReferencedSeriesSequence);
    REQUIRE(in_series.size() == 1);
    CHECK(value(*in_series[0], DCM_SeriesInstanceUID) == series.str());
    CHECK(value(*items(*in_series[0], DCM_ReferencedSOPSequence).at(0),
                DCM_ReferencedSOPInstanceUID) == first.str());
    CHECK(value(report.dataset(), DCM_InstanceNumber) == "2");  // viewers show the highest number
}

TEST_CASE("content time is the source's local time if the source has a time zone", "[dicom_sr]") {
    auto job = examples::report({examples::with_findings()});
    job.images[0].source.timezone_offset = "+0900";
    Read report(job);
    CHECK(value(report.dataset(), DCM_ContentDate) == "20261123");
    CHECK(value(report.dataset(), DCM_ContentTime) == "233005.123");
    CHECK(value(report.dataset(), DCM_TimezoneOffsetFromUTC) == "+0900");
    job.images[0].source.timezone_offset = "-0330";
    CHECK(value(Read(job).dataset(), DCM_ContentTime) == "110005.123");
    job.images[0].source.timezone_offset = "";
    CHECK_FALSE(Read(job).dataset().tagExists(DCM_TimezoneOffsetFromUTC));
}

TEST_CASE("images of two studies or two patients are refused in one report", "[dicom_sr]") {
    const auto fault = [](const StudyReport& job) {
        try {
            (void)measurement_report(job);
        } catch (const Error& error) {  // the check of this test
            CHECK(std::string(error.what()).find("PID-2") == std::string::npos);
            return error.fault();
        }
        return Fault::unsupported;
    };
    auto job = examples::report({examples::with_findings(1), examples::lateral(2)});
    job.images[1].source.study = Uid("1.2.3");
    CHECK(fault(job) == Fault::corrupt);
    job = examples::report({examples::with_findings(1), examples::lateral(2)});
    job.images[1].source.patient_id = "PID-2";
    CHECK(fault(job) == Fault::corrupt);
    CHECK(fault(examples::report({})) == Fault::bug);
}

TEST_CASE("every object states that it assists and is not a diagnosis", "[dicom_sr]") {
    auto job = examples::report({GENERATE(examples::with_findings(1), examples::lateral(1))});
    CHECK(value(*children(Read(job).answers(), "121106").at(0), DCM_TextValue) ==
          words(Language::english).assists);
    job.language = Language::korean;
    CHECK(value(*children(Read(job).answers(), "121106").at(0), DCM_TextValue) ==
          words(Language::korean).assists);
}

TEST_CASE("Korean text is written beside English codes", "[dicom_sr]") {
    auto job = examples::report({examples::with_findings()});
    job.language = Language::korean;
    Read report(job);
    DcmItem& group = *report.groups().at(0);
    CHECK(value(*children(group, "112039").at(0), DCM_TextValue).find("기흉 1, PA (") == 0);
    CHECK(code(*children(group, "121071").at(0), DCM_ConceptCodeSequence, DCM_CodeMeaning) ==
          "Pneumothorax");
}

TEST_CASE("values that would not be valid DICOM are respelt or left out, and never cut",
          "[dicom_sr]") {
    const bucky::test::NotForJudges the_senders_error_is_cited;
    auto job = examples::report({examples::with_findings()});
    Source& source = job.images[0].source;
    source.study_description = std::string(100, 'x') + "\\y";
    source.study_date = "2026.11.23";
    source.study_time = "not a time";
    source.sex = "m ";
    source.age = "56";
    source.accession_number = "ACC-20260102-000001234";
    source.patient_id = std::string(70, '7');
    Read report(job);
    CHECK_FALSE(report.dataset().tagExists(DCM_StudyDescription));
    CHECK(value(report.dataset(), DCM_StudyDate) == "20261123");
    CHECK(value(report.dataset(), DCM_StudyTime).empty());
    CHECK(value(report.dataset(), DCM_PatientSex) == "M");
    CHECK_FALSE(report.dataset().tagExists(DCM_PatientAge));
    CHECK(value(report.dataset(), DCM_PatientID) == source.patient_id);
    CHECK(value(report.dataset(), DCM_AccessionNumber) == source.accession_number);
    CHECK(verify(report.object, source).empty());
}

TEST_CASE("a report of a thousand images is written, and one of more is refused", "[dicom_sr]") {
    std::vector<ReportedImage> images;
    for (int i = 1; i <= 1000; ++i) images.push_back(examples::without_findings(i));
    auto job = examples::report(std::move(images));
    const Object object = measurement_report(job);
    CHECK(verify(object, job.images.back().source).empty());
    job.images.push_back(examples::without_findings(1001));
    CHECK_THROWS_AS(measurement_report(job), Error);
}
