// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "dicom_sr/common/part10.h"
#include "dicom_sr/overlay/overlay.h"
#include "dicom_sr/report/measurement_report.h"
#include "tests/dicom_sr/examples.h"

using namespace bucky;
using namespace bucky::dicom_sr;

namespace {

const std::string kName = "\xC8\xAB^\xB1\xE6\xB5\xBF";

ReportedImage misdeclared() {
    auto image = examples::with_findings();
    image.source.patient_name = "홍^길동";
    image.source.study_description = "Thorax \\xB1";
    image.source.character_set = "ISO_IR 149";
    image.source.originals = {{0x0010, 0x0010, kName, OriginalText::Why::guessed},
                              {0x0008, 0x1030, "Thorax \xB1", OriginalText::Why::lost}};
    return image;
}

/// The original values in the object: the tag and its bytes, padded to an even length.
std::vector<std::pair<DcmTagKey, std::string>> kept_in(const Object& object) {
    const auto file = from_part10(object.part10);
    std::vector<std::pair<DcmTagKey, std::string>> kept;
    DcmSequenceOfItems* modifications = nullptr;
    DcmDataset& dataset = *file->getDataset();
    if (dataset.findAndGetSequence(DCM_OriginalAttributesSequence, modifications).bad()) {
        return kept;
    }
    for (unsigned long i = 0; i < modifications->card(); ++i) {
        DcmItem* value = nullptr;
        REQUIRE(modifications->getItem(i)
                    ->findAndGetSequenceItem(DCM_NonconformingModifiedAttributesSequence, value)
                    .good());
        DcmElement* selector = nullptr;
        REQUIRE(value->findAndGetElement(DCM_SelectorAttribute, selector).good());
        DcmTagKey tag;
        REQUIRE(dynamic_cast<DcmAttributeTag&>(*selector).getTagVal(tag).good());
        const Uint8* bytes = nullptr;
        unsigned long count = 0;
        REQUIRE(
            value->findAndGetUint8Array(DCM_NonconformingDataElementValue, bytes, &count).good());
        kept.emplace_back(tag, std::string(reinterpret_cast<const char*>(bytes), count));
    }
    return kept;
}

std::string text_of(const Object& object, const DcmTagKey& tag) {
    OFString text;
    (void)from_part10(object.part10)->getDataset()->findAndGetOFStringArray(tag, text);
    return text;
}

}  // namespace

TEST_CASE("a result has the decoded text of a misdeclared name, and its bytes and character set",
          "[dicom_sr]") {
    const auto image = misdeclared();
    const auto picture = examples::picture(400, 320);
    const OverlayStyle style{Language::english, 400, "1.2.3"};
    const Object object =
        GENERATE(true, false)
            ? measurement_report(examples::report({image}))
            : secondary_capture(image, draw_overlay(image, picture.view(), style), style);
    CHECK(text_of(object, DCM_SpecificCharacterSet) == "ISO_IR 192");
    CHECK(text_of(object, DCM_PatientName) == "홍^길동");
    const auto kept = kept_in(object);
    REQUIRE(kept.size() == 3);
    CHECK(kept[0] == std::pair(DcmTagKey(DCM_SpecificCharacterSet), std::string("ISO_IR 149")));
    CHECK(kept[1] == std::pair(DcmTagKey(DCM_PatientName), kName + " "));
    CHECK(kept[2] == std::pair(DcmTagKey(DCM_StudyDescription), std::string("Thorax \xB1")));
}

TEST_CASE("a report lists the texts that do not match their declared character set", "[dicom_sr]") {
    const Object object = measurement_report(examples::report({misdeclared()}));
    const std::string bytes(object.part10.begin(), object.part10.end());
    CHECK(bytes.find("PatientName: not in its declared character set") != std::string::npos);
    CHECK(bytes.find("StudyDescription: cannot be decoded") != std::string::npos);
}

TEST_CASE("a result of an image with correctly declared text keeps no original values",
          "[dicom_sr]") {
    const Object object = measurement_report(examples::report({examples::with_findings()}));
    CHECK(kept_in(object).empty());
    CHECK_FALSE(
        from_part10(object.part10)->getDataset()->tagExists(DCM_OriginalAttributesSequence));
}
