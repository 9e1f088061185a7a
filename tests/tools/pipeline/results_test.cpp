// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/results.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcfilefo.h"

#include "conf/base/error.h"
#include "dicom_sr/verify.h"
#include "inference/examine/examine.h"
#include "inference/pixels/display.h"
#include "tests/support/every_kind.h"
#include "tests/support/process.h"
#include "tests/tools/node_harness.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;

namespace {

/// A phantom with a lesion, written, changed as a test likes, looked at.
JudgedImage judged(const TempDir& dir, const phantom::DicomOptions& dicom = {},
                   const std::function<void(DcmDataset&)>& change = {}) {
    const auto drawn =
        phantom::draw(phantom::random_recipe(3, 400, 360, {phantom::Finding::pneumonia}));
    JudgedImage image;
    image.file = dir / "image.dcm";
    (void)phantom::write_dicom(drawn, dicom, image.file);
    if (change) {
        DcmFileFormat format;
        REQUIRE(format.loadFile(OFFilename(image.file.c_str())).good());
        format.loadAllDataIntoMemory();
        change(*format.getDataset());
        REQUIRE(format.saveFile(OFFilename(image.file.c_str())).good());
    }
    image.image = {dicom_sr::read_source(image.file),
                   inference::examine(image.file, *phantom_shelf().now(), 1'795'444'205'123)};
    return image;
}

Requested requested(const std::vector<ResultKind>& kinds) {
    Requested made;
    for (const auto kind : kinds) made.variants.insert(best_of(kind));
    made.report.software_version = "0.1.0";
    made.longer_side_px = 256;
    return made;
}

std::vector<std::string> kinds_of(const std::vector<dicom_sr::Object>& objects) {
    std::vector<std::string> kinds;
    for (const auto& object : objects) kinds.emplace_back(word_of(object.kind));
    return kinds;
}

/// The pixels of a binary PGM.
std::vector<std::uint8_t> pgm_pixels(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string magic, line;
    std::getline(in, magic);
    REQUIRE(magic == "P5");
    for (int numbers = 0; numbers < 3;) {
        std::getline(in, line);
        if (line.starts_with("#")) continue;
        std::istringstream words(line);
        for (std::string word; words >> word;) ++numbers;
    }
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a study gets exactly the kinds of objects that are asked for", "[tools]") {
    const TempDir dir;
    const std::vector images{judged(dir)};
    CHECK(kinds_of(results_of(images, requested({}))).empty());
    CHECK(kinds_of(results_of(images, requested({ResultKind::report}))) ==
          std::vector<std::string>{"sr"});
    CHECK(kinds_of(results_of(images, requested({ResultKind::presentation, ResultKind::report}))) ==
          std::vector<std::string>{"sr", "presentation"});
    CHECK(kinds_of(results_of(images, requested({ResultKind::report, ResultKind::overlay,
                                                 ResultKind::presentation}))) ==
          std::vector<std::string>{"sr", "overlay", "presentation"});
    CHECK_THROWS_AS(results_of({}, requested({ResultKind::report})), Error);
}

TEST_CASE("dcmp2pgm shows the image by its presentation state as the picture shows it", "[tools]") {
    const TempDir dir;
    phantom::DicomOptions options;
    std::function<void(DcmDataset&)> change;
    SECTION("with a window") {}
    SECTION("MONOCHROME1") {
        options.monochrome1 = true;
    }
    SECTION("without a window") {
        change = [](DcmDataset& set) {
            set.findAndDeleteElement(DCM_WindowCenter);
            set.findAndDeleteElement(DCM_WindowWidth);
        };
    }
    SECTION("with a rescale") {
        options.image_class = phantom::ImageClass::cr;
        options.rescale_slope = 0.5;
        options.rescale_intercept = 100;
        options.window = phantom::Window{1000, 1500};
    }
    SECTION("with a VOI LUT") {
        change = [](DcmDataset& set) {
            set.findAndDeleteElement(DCM_WindowCenter);
            set.findAndDeleteElement(DCM_WindowWidth);
            DcmItem* item = nullptr;
            set.findOrCreateSequenceItem(DCM_VOILUTSequence, item);
            const Uint16 descriptor[] = {4096, 0, 12};
            std::vector<Uint16> data(4096);
            for (std::size_t i = 0; i < data.size(); ++i) {
                data[i] = static_cast<Uint16>(4095 * std::sqrt(static_cast<double>(i) / 4095));
            }
            item->putAndInsertUint16Array(DcmTag(DCM_LUTDescriptor, EVR_US), descriptor, 3);
            item->putAndInsertUint16Array(DcmTag(DCM_LUTData, EVR_OW), data.data(), 4096);
        };
    }
    const JudgedImage image = judged(dir, options, change);
    const auto objects = results_of({image}, requested({ResultKind::presentation}));
    REQUIRE(objects.size() == 1);
    const auto state = dir / "state.dcm";
    const auto shown = dir / "shown.pgm";
    write_file(state, objects[0].part10);
    CHECK(output_of("dcmpschk " + state.string()).find("passed") != std::string::npos);
    const std::string said = output_of("dcmp2pgm --pstate " + state.string() + " " +
                                       image.file.string() + " " + shown.string());
    CAPTURE(said);
    const auto pixels = pgm_pixels(shown);
    const auto grey = inference::render_for_display(image.file);
    REQUIRE(pixels.size() == grey.pixels.size());
    int most = 0;
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        most = std::max(most, std::abs(int{pixels[i]} - int{grey.pixels[i]}));
    }
    CHECK(most <= 1);
}

TEST_CASE("every kind of object is made of a study with a lesion and a lateral beside it",
          "[tools]") {
    const TempDir dir;
    std::vector images{judged(dir)};
    images.push_back(images.front());
    auto& lateral = images.back().image;
    lateral.source.sop_instance = Uid{"2.25.3.4.5"};
    lateral.result.verdict = inference::Verdict::not_analysed;
    lateral.result.findings.clear();
    lateral.result.model.reset();
    lateral.result.reason = inference::Reason{"view", {"V", "99BUCKY", "View"}, "a lateral"};
    const auto objects = results_of(images, requested(every_kind()));
    REQUIRE(objects.size() == kResultKinds.size());
    for (std::size_t at = 0; at < objects.size(); ++at) {
        CHECK(word_of(objects[at].kind) == kResultKinds[at].word);
        CHECK(objects[at].sop_class.str() == kResultKinds[at].classes.front());
    }
    const auto again = results_of(images, requested({ResultKind::summary, ResultKind::notice}));
    for (const auto& one : again) {
        const auto before = std::ranges::find(objects, one.kind, &dicom_sr::Object::kind);
        REQUIRE(before != objects.end());
        CHECK(one.sop_instance == before->sop_instance);
        CHECK((one.part10 == before->part10));
    }
}

TEST_CASE("pydicom reads every kind of object", "[tools]") {
    const TempDir dir;
    const std::vector images{judged(dir)};
    const auto objects = results_of(
        images, requested({ResultKind::report, ResultKind::overlay, ResultKind::presentation,
                           ResultKind::segmentation, ResultKind::chest_cad, ResultKind::summary}));
    REQUIRE(objects.size() == 6);
    std::string files;
    for (const auto& object : objects) {
        const auto file = dir / (std::string{word_of(object.kind)} + ".dcm");
        write_file(file, object.part10);
        files += " " + file.string();
    }
    const std::string said = output_of(
        "/usr/bin/python3 -c 'import sys, pydicom\n"
        "for name in sys.argv[1:]:\n"
        "    data = pydicom.dcmread(name)\n"
        "    data.walk(lambda _, element: str(element.value))\n"
        "    print(data.Modality, len(data.ContributingEquipmentSequence))\n'" +
        files);
    std::istringstream lines(said);
    std::size_t read = 0;
    for (std::string modality, algorithms; lines >> modality >> algorithms; ++read) {
        INFO(modality);
        CHECK(algorithms == "1");
    }
    CHECK(read == objects.size());
}

TEST_CASE("two studies of patients with one name never share a result", "[tools]") {
    const TempDir one_dir, other_dir;
    phantom::DicomOptions options;
    options.patient_name = "Kim^Minji";
    options.patient_id = "P-1";
    options.study_uid = "2.25.31";
    options.series_uid = "2.25.31.1";
    options.sop_instance_uid = "2.25.31.1.1";
    const JudgedImage one = judged(one_dir, options);
    options.patient_id = "P-2";
    options.study_uid = "2.25.32";
    options.series_uid = "2.25.32.1";
    options.sop_instance_uid = "2.25.32.1.1";
    const JudgedImage other = judged(other_dir, options);
    const Requested everything = requested(every_kind());
    const auto of_one = results_of({one}, everything);
    const auto of_other = results_of({other}, everything);
    REQUIRE(of_one.size() == kResultKinds.size() - 1);  // nothing for a notice
    REQUIRE(of_other.size() == of_one.size());
    for (std::size_t i = 0; i < of_one.size(); ++i) {
        CAPTURE(word_of(of_one[i].kind));
        CHECK(of_one[i].sop_instance != of_other[i].sop_instance);
        CHECK(of_one[i].series != of_other[i].series);
        CHECK(dicom_sr::verify(of_one[i], one.image.source).empty());
        CHECK_FALSE(dicom_sr::verify(of_one[i], other.image.source).empty());
        CHECK_FALSE(dicom_sr::verify(of_other[i], one.image.source).empty());
    }
    CHECK_THROWS_AS(results_of({one, other}, requested({ResultKind::report})), Error);
    CHECK_THROWS_AS(results_of({one, other}, requested({ResultKind::chest_cad})), Error);
    CHECK_THROWS_AS(results_of({one, other}, requested({ResultKind::summary})), Error);
    JudgedImage stray = other;  // the same study, another patient
    stray.image.source.study = one.image.source.study;
    CHECK_THROWS_AS(results_of({one, stray}, requested({ResultKind::report})), Error);
}
