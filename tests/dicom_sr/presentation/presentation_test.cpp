// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/presentation/presentation.h"

#include <catch2/catch.hpp>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "conf/base/error.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"
#include "tests/dicom_sr/value.h"

using namespace bucky;
using namespace bucky::dicom_sr;

namespace {

Softcopy window(double center, double width) {
    Softcopy grey;
    grey.window_center = center;
    grey.window_width = width;
    return grey;
}

Softcopy tables() {
    Softcopy grey;
    grey.modality_lut = Softcopy::Table{-5, 16, {0, 10000, 40000, 65535}};
    grey.voi_lut = Softcopy::Table{0, 8, std::vector<std::uint16_t>(301, 255)};
    grey.inverse = true;
    return grey;
}

Object made(const ReportedImage& image, const Softcopy& grey = window(2048, 4096),
            Language language = Language::english) {
    return presentation_state(image, grey, {language, "0.1.0"});
}

std::vector<DcmItem*> items(DcmItem& parent, const DcmTagKey& tag) {
    std::vector<DcmItem*> found;
    DcmSequenceOfItems* sequence = nullptr;
    if (parent.findAndGetSequence(tag, sequence).bad()) return found;
    for (unsigned long i = 0; i < sequence->card(); ++i) found.push_back(sequence->getItem(i));
    return found;
}

/// Every text of the state, layer by layer: "BUCKY: Findings: ..."
std::vector<std::string> texts(DcmItem& dataset) {
    std::vector<std::string> found;
    for (DcmItem* annotation : items(dataset, DCM_GraphicAnnotationSequence)) {
        for (DcmItem* text : items(*annotation, DCM_TextObjectSequence)) {
            found.push_back(value(*annotation, DCM_GraphicLayer) + ": " +
                            value(*text, DCM_UnformattedTextValue));
        }
    }
    return found;
}

}  // namespace

TEST_CASE("dciodvfy finds no error in any presentation state", "[dicom_sr]") {
    test::Folder folder;
    const char* name = GENERATE("Doe^Jane", "Hong^Gildong=洪^吉洞=홍^길동");
    auto image = GENERATE(examples::with_findings(), examples::without_findings());
    image.source.patient_name = name;
    const bool bare = GENERATE(false, true);
    if (bare) {
        image = examples::bare(image);
    } else {
        image.source.pixel_spacing = "0.14\\0.14";
    }
    const auto grey = GENERATE(window(2048, 4096), tables());
    const Object object = made(image, grey, bare ? Language::english : Language::korean);
    CHECK(verify(object, image.source) == std::vector<std::string>{});
    CHECK(test::iod_errors(folder.keep("state.dcm", object.part10)) == "");
}

TEST_CASE("a presentation state has an outline and a name for each lesion, on its finding's layer",
          "[dicom_sr]") {
    auto image = examples::with_findings();
    image.result.findings[0] = examples::nodule(0.62, 3);
    const auto file = from_part10(made(image).part10);
    DcmItem& dataset = *file->getDataset();
    std::vector<std::string> layers;
    for (DcmItem* layer : items(dataset, DCM_GraphicLayerSequence)) {
        layers.push_back(value(*layer, DCM_GraphicLayer));
    }
    CHECK(layers == std::vector<std::string>{"BUCKY", "F1 NODULE", "F2 PNEUMOTHORAX"});
    CHECK(texts(dataset) ==
          std::vector<std::string>{
              "BUCKY: AI result: Findings: Pneumothorax (left upper zone), Lung nodule (right mid "
              "zone, right lower zone)",
              "BUCKY: AI decision support. Not a diagnosis; review by a physician required.",
              "BUCKY: Model: cxr-phantom 1.0.0 (weights 9f86d081884c)",
              "F1 NODULE: AI Lung nodule 0.62 (1/3)", "F1 NODULE: AI Lung nodule 0.62 (2/3)",
              "F1 NODULE: AI Lung nodule 0.62 (3/3)", "F2 PNEUMOTHORAX: AI Pneumothorax 0.97"});

    std::size_t outlines = 0;
    const auto& regions = image.result.findings[1].regions;
    for (DcmItem* annotation : items(dataset, DCM_GraphicAnnotationSequence)) {
        for (DcmItem* graphic : items(*annotation, DCM_GraphicObjectSequence)) {
            ++outlines;
            CHECK(value(*graphic, DCM_GraphicType) == "POLYLINE");
            CHECK(value(*graphic, DCM_GraphicFilled) == "N");
            const Float32* data = nullptr;
            unsigned long count = 0;
            REQUIRE(graphic->findAndGetFloat32Array(DCM_GraphicData, data, &count).good());
            CHECK(data[0] == data[count - 2]);
            CHECK(data[1] == data[count - 1]);
            if (value(*annotation, DCM_GraphicLayer) != "F2 PNEUMOTHORAX") continue;
            REQUIRE(count == 2 * (regions[0].outline.size() + 1));
            CHECK(data[2] == static_cast<float>(regions[0].outline[1].column));
            CHECK(data[3] == static_cast<float>(regions[0].outline[1].row));
        }
    }
    CHECK(outlines == 4);
}

TEST_CASE("a presentation state of a negative image says so and names the model", "[dicom_sr]") {
    const auto image = examples::without_findings();
    const auto file = from_part10(made(image, window(2048, 4096), Language::korean).part10);
    CHECK(texts(*file->getDataset()) ==
          std::vector<std::string>{
              "BUCKY: AI 판독 보조 결과: 기준값 이상의 소견 미검출",
              "BUCKY: AI 판독 보조 결과이며 진단이 아닙니다. 의사의 확인이 필요합니다.",
              "BUCKY: 모델: cxr-phantom 1.0.0 (가중치 9f86d081884c)"});
}

TEST_CASE("the displayed area is the whole image, with its spacing if that is known",
          "[dicom_sr]") {
    auto image = examples::with_findings();
    const auto area = [&] {
        const auto file = from_part10(made(image).part10);
        DcmItem& item = *items(*file->getDataset(), DCM_DisplayedAreaSelectionSequence).at(0);
        CHECK(value(item, DCM_DisplayedAreaTopLeftHandCorner) == "1\\1");
        CHECK(value(item, DCM_DisplayedAreaBottomRightHandCorner) == "1600\\2000");
        return value(item, DCM_PresentationPixelSpacing) + "|" +
               value(item, DCM_PresentationPixelAspectRatio);
    };
    CHECK(area() == "|1\\1");
    image.source.pixel_spacing = "0.14\\0.15";
    CHECK(area() == "0.14\\0.15|");
    image.source.pixel_spacing = "unknown";
    image.source.pixel_aspect_ratio = "2\\1";
    CHECK(area() == "|2\\1");
    image.source.pixel_aspect_ratio = "0\\1";
    CHECK(area() == "|1\\1");
}

TEST_CASE("an image that was not analysed gets no presentation state", "[dicom_sr]") {
    CHECK_THROWS_AS(made(examples::lateral()), Error);
    CHECK_THROWS_AS(made(examples::failed()), Error);
}

TEST_CASE("verify detects a presentation state of another image, patient or size", "[dicom_sr]") {
    const auto image = examples::with_findings();
    const Object object = made(image);
    const auto complains = [&](const Source& source) { return !verify(object, source).empty(); };
    CHECK_FALSE(complains(image.source));
    CHECK(complains(examples::source(2)));
    auto other = image.source;
    other.patient_id = "PID-2";
    CHECK(complains(other));
    other = image.source;
    other.rows = 1000;
    CHECK(complains(other));
}
