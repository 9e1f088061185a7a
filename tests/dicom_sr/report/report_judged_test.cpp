// SPDX-License-Identifier: Apache-2.0
// Independent judges check every form of report: our writer is never checked with our reader alone.
#include <catch2/catch.hpp>

#include "dicom_sr/report/measurement_report.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"

using namespace bucky;
using namespace bucky::dicom_sr;
using examples::bare;
using test::Folder;

namespace {

ReportedImage named(ReportedImage image, const std::string& name) {
    image.source.patient_name = name;
    return image;
}

ReportedImage misdeclared(ReportedImage image) {
    image.source.patient_name = "홍^길동";
    image.source.study_description = "Thorax \\xB1";
    image.source.character_set = "ISO_IR 149";
    image.source.originals = {
        {0x0010, 0x0010, "\xC8\xAB^\xB1\xE6\xB5\xBF", OriginalText::Why::guessed},
        {0x0008, 0x1030, "Thorax \xB1", OriginalText::Why::lost}};
    return image;
}

ReportedImage doubtful(ReportedImage image) {
    image.result.warnings = {{"gate.mirrored",
                              {"LOOKS_MIRRORED", "99BUCKY", "Picture looks mirrored"},
                              "left and right may be exchanged"}};
    return image;
}

ReportedImage multi_frame(ReportedImage image) {
    image.source.sop_class = Uid("1.2.840.10008.5.1.4.1.1.7.2");  // grayscale byte SC
    image.source.frames = 3;
    image.result.frame = 2;
    return image;
}

ReportedImage of_another_model(ReportedImage image) {
    image.result.model->name = "cxr-other";
    image.result.model->sha256 = std::string(64, 'a');
    return image;
}

ReportedImage not_located(ReportedImage image) {
    for (auto& finding : image.result.findings) finding.regions.clear();
    return image;
}

struct Shape {
    const char* name;
    std::vector<ReportedImage> images;
    Language language = Language::english;
};

std::vector<Shape> shapes() {
    using namespace examples;
    auto five = with_findings();
    five.result.findings[0] = nodule(0.7, 5);
    auto zoned = with_findings();
    zoned.source.timezone_offset = "+0900";
    return {
        {"findings", {with_findings()}},
        {"no findings", {without_findings()}},
        {"many outlines", {five}},
        {"not located", {not_located(with_findings())}},
        {"two images", {with_findings(1), without_findings(2)}},
        {"lateral beside", {with_findings(1), lateral(2)}},
        {"two models", {with_findings(1), of_another_model(with_findings(2))}},
        {"not analysed", {lateral(1)}},
        {"failed", {failed(1)}},
        {"failed beside", {without_findings(1), failed(2)}},
        {"anonymous", {bare(with_findings())}},
        {"anonymous and not analysed", {bare(lateral(1))}},
        {"Korean", {named(with_findings(), "Hong^Gildong=洪^吉洞=홍^길동")}, Language::korean},
        {"Japanese", {named(without_findings(), "Yamada^Tarou=山田^太郎=やまだ^たろう")}},
        {"warned", {doubtful(with_findings())}},
        {"misdeclared text", {misdeclared(with_findings())}},
        {"multi-frame", {multi_frame(with_findings())}},
        {"time zone", {zoned}},
    };
}

}  // namespace

TEST_CASE("dciodvfy finds no error in any form of report, and dsrdump can read it", "[dicom_sr]") {
    Folder folder;
    for (const Shape& shape : shapes()) {
        CAPTURE(shape.name);
        auto job = examples::report(shape.images);
        job.language = shape.language;
        job.predecessor = {Uid("1.2.3.4"), Uid("1.2.3")};
        const Object object = measurement_report(job);
        CHECK(verify(object, job.images.front().source) == std::vector<std::string>{});
        const auto file = folder.keep("report.dcm", object.part10);
        CHECK(test::iod_errors(file) == "");
        const std::string dump = test::output_of("dsrdump +U8 " + file.string());
        CHECK(dump.find("Comprehensive 3D SR Document") != std::string::npos);
        CHECK(dump.find("Qualitative Evaluations") != std::string::npos);
        CHECK(dump.find("\nE: ") == std::string::npos);
    }
}
