// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/verify.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "tests/dicom_sr/examples.h"

using namespace bucky::dicom_sr;
using examples::altered;

namespace {

bool complains(const Object& object, const std::string& words,
               const Source& source = examples::source()) {
    const auto complaints = verify(object, source);
    return std::ranges::any_of(
        complaints, [&](const std::string& one) { return one.find(words) != std::string::npos; });
}

/// The n-th content item below `parent` whose concept name has this code value.
DcmItem& content(DcmItem& parent, const char* code, unsigned long n = 0) {
    DcmSequenceOfItems* items = nullptr;
    REQUIRE(parent.findAndGetSequence(DCM_ContentSequence, items).good());
    for (unsigned long i = 0; i < items->card(); ++i) {
        OFString value;
        (void)items->getItem(i)->findAndGetOFString(DCM_CodeValue, value, 0, OFTrue);
        if (value == code && n-- == 0) return *items->getItem(i);
    }
    FAIL("no content item " << code);
    std::abort();
}

DcmItem& group(DcmDataset& dataset, unsigned long n = 0) {
    return content(content(dataset, "126010"), "125007", n);
}

void remove(DcmItem& parent, const char* code) {
    DcmSequenceOfItems* items = nullptr;
    REQUIRE(parent.findAndGetSequence(DCM_ContentSequence, items).good());
    delete items->remove(&content(parent, code));
}

Object report() {
    return measurement_report(examples::report({examples::with_findings()}));
}

Object overlay() {
    const auto image = examples::with_findings();
    const auto picture = examples::picture(400, 320);
    OverlayStyle style;
    style.longer_side = 400;
    return secondary_capture(image, draw_overlay(image, picture.view(), style), style);
}

}  // namespace

TEST_CASE("verify finds no problem in objects that Bucky makes", "[dicom_sr]") {
    CHECK(verify(report(), examples::source()).empty());
    CHECK(verify(overlay(), examples::source()).empty());
}

TEST_CASE("verify detects an object of another patient or study without naming the patient",
          "[dicom_sr]") {
    const Object object = GENERATE(report(), overlay());
    auto stranger = examples::source();
    stranger.patient_name = "Roe^Richard";
    CHECK(complains(object, "PatientName", stranger));
    for (const std::string& words : verify(object, stranger)) {
        CHECK(words.find("Roe") == std::string::npos);
        CHECK(words.find("Doe") == std::string::npos);
    }
    auto other = examples::source();
    other.patient_id = "PID-2";
    CHECK(complains(object, "PatientID", other));
    other = examples::source();
    other.study = bucky::Uid("1.2.3");
    CHECK(complains(object, "StudyInstanceUID", other));
    other = examples::source();
    other.sop_instance = bucky::Uid("1.2.3");
    CHECK(complains(object, "source", other));
}

TEST_CASE("verify detects a truncated object", "[dicom_sr]") {
    Object object = GENERATE(report(), overlay());
    object.part10.resize(object.part10.size() / 2);
    CHECK_FALSE(verify(object, examples::source()).empty());
    object.part10.clear();
    CHECK_FALSE(verify(object, examples::source()).empty());
}

TEST_CASE("verify detects errors that make a viewer show nothing", "[dicom_sr]") {
    SECTION("a group without its tracking identifier") {
        CHECK(complains(altered(report(), [](auto& set) { remove(group(set), "112039"); }),
                        "tracking identifier"));
    }
    SECTION("a group without its tracking UID") {
        CHECK(complains(altered(report(), [](auto& set) { remove(group(set), "112040"); }),
                        "tracking UID"));
    }
    SECTION("a group without an outline") {
        CHECK(complains(altered(report(), [](auto& set) { remove(group(set), "111030"); }),
                        "0 outlines"));
    }
    SECTION("one tracking UID in two groups") {
        CHECK(complains(
            altered(report(),
                    [](auto& set) {
                        OFString uid;
                        content(group(set, 0), "112040").findAndGetOFString(DCM_UID, uid);
                        content(group(set, 1), "112040").putAndInsertOFStringArray(DCM_UID, uid);
                    }),
            "two groups"));
    }
    SECTION("no group at all") {
        CHECK(complains(altered(report(), [](auto& set) { remove(set, "126010"); }), "black"));
    }
    SECTION("an outline without its image") {
        CHECK(complains(
            altered(report(),
                    [](auto& set) {
                        content(group(set), "111030").findAndDeleteElement(DCM_ContentSequence);
                    }),
            "first child"));
    }
    SECTION("an open outline") {
        CHECK(complains(altered(report(),
                                [](auto& set) {
                                    const Float32 points[] = {1, 1, 5, 1, 5, 5};
                                    content(group(set), "111030")
                                        .putAndInsertFloat32Array(DCM_GraphicData, points, 6);
                                }),
                        "not closed"));
    }
    SECTION("an outline without a concept name") {
        CHECK(complains(
            altered(
                report(),
                [](auto& set) {
                    content(group(set), "111030").findAndDeleteElement(DCM_ConceptNameCodeSequence);
                }),
            "concept name"));
    }
    SECTION("an image that is not in the evidence") {
        CHECK(complains(altered(report(),
                                [](auto& set) {
                                    set.findAndDeleteElement(
                                        DCM_CurrentRequestedProcedureEvidenceSequence);
                                }),
                        "evidence"));
    }
}

TEST_CASE("verify detects a picture with too few pixels", "[dicom_sr]") {
    CHECK(complains(altered(overlay(), [](auto& set) { set.putAndInsertUint16(DCM_Rows, 9000); }),
                    "PixelData"));
    CHECK(complains(
        altered(overlay(), [](auto& set) { set.findAndDeleteElement(DCM_SourceImageSequence); }),
        "SourceImageSequence"));
}

TEST_CASE("verify detects a missing attribute of the IOD", "[dicom_sr]") {
    for (const DcmTagKey& tag : {DCM_CompletionFlag, DCM_StudyID, DCM_SeriesDescription,
                                 DCM_PerformedProcedureCodeSequence}) {
        const auto without = altered(report(), [&](auto& set) { set.findAndDeleteElement(tag); });
        CHECK(complains(without, DcmTag(tag).getTagName()));
    }
}
