// SPDX-License-Identifier: Apache-2.0
// An image for each rule: the image that it refuses and the reason, the image that it accepts, and
// its answer to an image without the attribute.
#include <algorithm>
#include <set>
#include <sstream>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "inference/package/eligibility.h"
#include "inference/reasons.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

using Edit = std::function<void(DcmDataset&)>;

Accepts chest_of_adults() {
    Accepts accepts;
    accepts.sop_classes = {UID_DigitalXRayImageStorageForPresentation,
                           UID_ComputedRadiographyImageStorage};
    accepts.modalities = {"DX", "CR"};
    accepts.body_parts = {"CHEST", ""};
    accepts.views = {"PA", "AP", ""};
    accepts.min_age_years = 18;
    accepts.max_age_years = 100;
    accepts.min_rows = accepts.min_columns = 16;
    return accepts;
}

Edit text(const DcmTagKey& tag, const char* value) {
    return [=](DcmDataset& dataset) { dataset.putAndInsertString(tag, value); };
}

Edit without(const DcmTagKey& tag) {
    return [=](DcmDataset& dataset) { delete dataset.remove(tag); };
}

Edit number(const DcmTagKey& tag, std::uint16_t value) {
    return [=](DcmDataset& dataset) { dataset.putAndInsertUint16(tag, value); };
}

Edit code(const DcmTagKey& sequence, const char* value, const char* scheme) {
    return [=](DcmDataset& dataset) {
        DcmItem* item = nullptr;
        dataset.findOrCreateSequenceItem(sequence, item);
        item->putAndInsertString(DCM_CodeValue, value);
        item->putAndInsertString(DCM_CodingSchemeDesignator, scheme);
        item->putAndInsertString(DCM_CodeMeaning, "for people");
    };
}

Edit both(const Edit& one, const Edit& other) {
    return [=](DcmDataset& dataset) {
        one(dataset);
        other(dataset);
    };
}

Edit aged(const char* age, const char* born) {
    return [=](DcmDataset& dataset) {
        dataset.putAndInsertString(DCM_PatientAge, age);
        dataset.putAndInsertString(DCM_PatientBirthDate, born);
        dataset.putAndInsertString(DCM_StudyDate, "20260102");
    };
}

std::vector<Reason> refusals_of(const Edit& edit, const Accepts& accepts = chest_of_adults()) {
    const TempDir dir;
    Recipe recipe;
    recipe.edit = edit;
    write_dicom(dir / "image.dcm", recipe);
    return refusals(read_header(dir / "image.dcm"), accepts);
}

struct Refused {
    const char* key;
    const char* words;
    Edit edit;
};

/// At least one image for every key of every rule.
std::vector<Refused> refused_images() {
    return {
        {"own.result", "made itself",
         both(text(DCM_Manufacturer, "Bucky"),
              text(DCM_ManufacturerModelName, "Bucky AI modality"))},
        {"sop_class.not_taken", "the model does not read CT Image Storage",
         text(DCM_SOPClassUID, UID_CTImageStorage)},
        {"sop_class.not_taken", "Digital X-Ray Image Storage - For Processing",
         text(DCM_SOPClassUID, UID_DigitalXRayImageStorageForProcessing)},
        {"intent.for_processing", "raw detector values",
         text(DCM_PresentationIntentType, "FOR PROCESSING")},
        {"modality.not_taken", "modality MG: the model reads DX, CR", text(DCM_Modality, "MG")},
        {"modality.not_taken", "names no modality", without(DCM_Modality)},
        {"species.not_human", "no human but CANINE", text(DCM_PatientSpeciesDescription, "Canine")},
        {"species.not_human", "448771007:SCT",
         code(DCM_PatientSpeciesCodeSequence, "448771007", "SCT")},
        {"body_part.not_taken", "body part KNEE: the model reads CHEST",
         text(DCM_BodyPartExamined, "KNEE")},
        {"body_part.not_taken", "anatomic region 72696002:SCT: the model reads CHEST",
         code(DCM_AnatomicRegionSequence, "72696002", "SCT")},  // the word still says CHEST
        {"view.not_taken", "view position LL: the model reads PA, AP",
         text(DCM_ViewPosition, "LL")},
        {"view.not_taken", "view code LL",
         code(DCM_ViewCodeSequence, "399067008", "SCT")},  // the word still says PA
        {"image_type.secondary", "image type DERIVED\\SECONDARY",
         text(DCM_ImageType, "DERIVED\\SECONDARY")},
        {"annotation.burned_in", "burned into", text(DCM_BurnedInAnnotation, "YES")},
        {"orientation.mirrored", "mirrored by its patient orientation R\\F",
         text(DCM_PatientOrientation, "R\\F")},
        {"orientation.rotated", "upside down by its patient orientation R\\H",
         text(DCM_PatientOrientation, "R\\H")},
        {"orientation.rotated", "orientation F\\R", text(DCM_PatientOrientation, "F\\R")},
        {"orientation.not_frontal", "no frontal view by its patient orientation A\\F",
         text(DCM_PatientOrientation, "A\\F")},
        {"orientation.not_frontal", "orientation CR\\V",  // an animal's, PS3.3 C.7.6.1.1.1
         text(DCM_PatientOrientation, "CR\\V")},
        {"age.out_of_range", "7 years, it reads 18 to 100 years", text(DCM_PatientAge, "007Y")},
        {"age.out_of_range", "101 years, it reads 18 to 100", text(DCM_PatientAge, "101Y")},
        {"age.out_of_range", "outside the range the model was made for",
         both(text(DCM_PatientBirthDate, "20200101"), text(DCM_StudyDate, "20260101"))},
        {"age.contradicted", "Patient's Age is 000Y, by the birth date it is 76 years",
         aged("000Y", "19500101")},
        {"age.contradicted", "Patient's Age is 000D, by the birth date it is 76 years",
         aged("000D", "19500101")},
        {"age.contradicted", "Patient's Age is 003M", aged("003M", "1950/01/01")},
        {"age.contradicted", "Patient's Age is 003Y", aged("003Y", "19500101")},
        {"age.contradicted", "Patient's Age is 045Y", aged("045Y", "19500101")},
        {"age.contradicted", "the birth date is later than the image", aged("045Y", "20270101")},
        {"age.contradicted", "the birth date is later than the image", aged("", "20270101")},
        {"age.contradicted", "by the birth date the patient is 226 years", aged("", "18000101")},
        {"image.no_pixels", "no pixel data", without(DCM_PixelData)},
        {"photometric.colour", "\"RGB\" with 3 samples",
         both(text(DCM_PhotometricInterpretation, "RGB"), number(DCM_SamplesPerPixel, 3))},
        {"photometric.colour", "\"PALETTE COLOR\"",
         text(DCM_PhotometricInterpretation, "PALETTE COLOR")},
        {"image.too_small", "56 x 12 pixels: the model needs 16 x 16", number(DCM_Rows, 12)},
        {"image.too_large", "60000 x 60000 pixels",
         both(number(DCM_Rows, 60000), number(DCM_Columns, 60000))},
    };
}

std::vector<std::string> words_of(std::string_view text) {
    std::istringstream stream{std::string(text)};
    return {std::istream_iterator<std::string>(stream), {}};
}

/// docs/eligibility.md, printed from the rules.
std::string table() {
    std::string lines =
        "| attribute | set by | when missing | reason, code in the SR |\n"
        "|---|---|---|---|\n";
    for (const Rule& rule : eligibility_rules()) {
        std::string reasons;
        for (const std::string& key : words_of(rule.keys)) {
            if (!reasons.empty()) reasons += ", ";
            reasons += "`" + key + "` " + reason(key, "").code.value;
        }
        std::string keys;
        for (const std::string& key : words_of(rule.manifest)) {
            keys += (keys.empty() ? "`" : ", `") + key + "`";
        }
        lines += "| " + std::string(rule.attribute) + " | " + (keys.empty() ? "-" : keys) + " | " +
                 std::string(rule.missing) + " | " + reasons + " |\n";
    }
    return lines;
}

}  // namespace

TEST_CASE("every rule refuses its image, with a reason that names it", "[inference]") {
    for (const Refused& image : refused_images()) {
        CAPTURE(image.key, image.words);
        const auto found = refusals_of(image.edit);
        REQUIRE_FALSE(found.empty());
        const auto named = std::find_if(found.begin(), found.end(),
                                        [&](const Reason& one) { return one.key == image.key; });
        REQUIRE(named != found.end());
        CHECK_THAT(named->text, Catch::Contains(image.words));
        CHECK(named->code.scheme == "99BUCKY");
        CHECK_FALSE(named->code.value.empty());
        CHECK(found.size() == 1);  // and no other rule refuses it
    }
}

TEST_CASE("every reason of every rule has an image that gets it", "[inference]") {
    std::set<std::string> shown{"orientation.missing", "transfer_syntax.not_decoded",  // below
                                "model.demonstration",   // equipment_test.cpp
                                "equipment.not_taken"};  // likewise
    for (const Refused& image : refused_images()) shown.insert(image.key);
    std::set<std::string> promised;
    for (const Rule& rule : eligibility_rules()) {
        for (const std::string& key : words_of(rule.keys)) promised.insert(key);
    }
    CHECK(shown == promised);
}

TEST_CASE("an image without an attribute is accepted if the package allows it", "[inference]") {
    for (const auto& tag : {DCM_BodyPartExamined, DCM_ViewPosition, DCM_PatientOrientation,
                            DCM_PatientAge, DCM_ImageType, DCM_BurnedInAnnotation}) {
        CAPTURE(DcmTag(tag).getTagName());
        CHECK(refusals_of(without(tag)).empty());
    }
    Accepts strict = chest_of_adults();
    strict.body_parts = {"CHEST"};
    strict.views = {"PA", "AP"};
    strict.orientations = {"L\\F"};
    strict.age_may_be_missing = false;
    const Edit aged = text(DCM_PatientAge, "044Y");
    CHECK(refusals_of(aged, strict).empty());
    CHECK(refusals_of(both(aged, without(DCM_BodyPartExamined)), strict).at(0).key ==
          "body_part.not_taken");
    CHECK(refusals_of(both(aged, without(DCM_ViewPosition)), strict).at(0).key == "view.not_taken");
    CHECK(refusals_of(both(aged, without(DCM_PatientOrientation)), strict).at(0).key ==
          "orientation.missing");
    CHECK(refusals_of(without(DCM_PatientAge), strict).at(0).key == "age.out_of_range");
}

TEST_CASE("an image is accepted if the package lists its values", "[inference]") {
    Accepts lenient = chest_of_adults();
    lenient.orientations = {"L\\F", "R\\F", ""};
    lenient.secondary_images = true;
    lenient.burned_in_annotation = true;
    CHECK(refusals_of(text(DCM_PatientOrientation, "R\\F"), lenient).empty());
    CHECK(refusals_of(text(DCM_ImageType, "DERIVED\\SECONDARY"), lenient).empty());
    CHECK(refusals_of(text(DCM_BurnedInAnnotation, "YES"), lenient).empty());
}

TEST_CASE("values that mean the same as the usual ones are accepted", "[inference]") {
    CHECK(refusals_of(text(DCM_ImageType, "DERIVED\\PRIMARY")).empty());
    CHECK(refusals_of(text(DCM_ImageType, "ORIGINAL PRIMARY"))
              .empty());  // seen in practice: no backslash
    CHECK(refusals_of(text(DCM_PatientOrientation, "LP\\F")).empty());  // slightly oblique
    CHECK(refusals_of(text(DCM_PatientSpeciesDescription, "Homo sapiens")).empty());
    CHECK(refusals_of(code(DCM_PatientSpeciesCodeSequence, "337915000", "SCT")).empty());
    CHECK(refusals_of(code(DCM_AnatomicRegionSequence, "51185008", "SCT")).empty());
    CHECK(refusals_of(code(DCM_ViewCodeSequence, "R-10206", "SRT")).empty());  // AP beside PA
    CHECK(refusals_of(text(DCM_Manufacturer, "Bucky")).empty());  // no model name of Bucky
    CHECK(refusals_of(text(DCM_PatientAge, "018Y")).empty());
}

TEST_CASE("words for a frontal chest are taken whatever their spelling", "[inference]") {
    for (const auto* part : {"CHEST PA", "THORAX PA", "chest_ap", "PORT CHEST", "CXR", "흉부"}) {
        CAPTURE(part);
        CHECK(refusals_of(text(DCM_BodyPartExamined, part)).empty());
    }
    for (const auto* view : {"P.A.", "PA ERECT", "AP SUPINE", "A.P.", "FRONTAL"}) {
        CAPTURE(view);
        CHECK(refusals_of(text(DCM_ViewPosition, view)).empty());
    }
    CHECK(refusals_of(text(DCM_Modality, "DR")).empty());
    // The view may stand in the body part alone.
    Accepts strict = chest_of_adults();
    strict.views = {"PA"};
    const Edit unsaid = without(DCM_ViewPosition);
    CHECK(refusals_of(both(text(DCM_BodyPartExamined, "CHEST PA"), unsaid), strict).empty());
    CHECK_FALSE(refusals_of(both(text(DCM_BodyPartExamined, "CHEST AP"), unsaid), strict).empty());
    CHECK_FALSE(refusals_of(both(text(DCM_BodyPartExamined, "CHEST"), unsaid), strict).empty());
    CHECK_FALSE(refusals_of(text(DCM_ViewPosition, "FRONTAL"), strict).empty());
}

TEST_CASE("a lateral image or another body part is refused whatever its spelling", "[inference]") {
    for (const auto* part : {"CHEST LAT", "CHEST PA LAT", "T-SPINE", "RIBS", "ABDOMEN AP"}) {
        CAPTURE(part);
        CHECK(refusals_of(text(DCM_BodyPartExamined, part)).at(0).key == "body_part.not_taken");
    }
    for (const auto* view : {"LAT", "L.L.", "PA/LAT", "RAO", "AP OBLIQUE"}) {
        CAPTURE(view);
        CHECK(refusals_of(text(DCM_ViewPosition, view)).at(0).key == "view.not_taken");
    }
    CHECK(refusals_of(both(text(DCM_BodyPartExamined, "CHEST PA"), text(DCM_ViewPosition, "LL")))
              .at(0)
              .key == "view.not_taken");
    CHECK(refusals_of(text(DCM_Modality, "RG")).at(0).key == "modality.not_taken");
}

TEST_CASE("a reason quotes a stranger's word in its own letters", "[inference]") {
    const auto words = [](const char* character_set, const char* species) {
        return refusals_of(both(text(DCM_SpecificCharacterSet, character_set),
                                text(DCM_PatientSpeciesDescription, species)))
            .at(0)
            .text;
    };
    CHECK_THAT(words("ISO_IR 192", "лайка"), Catch::Contains("no human but лайка"));
    CHECK_THAT(words("", "лайка"), Catch::Contains("no human but лайка"));
    CHECK_THAT(words("ISO_IR 144", "\xDB\xD0\xD9\xDA\xD0"), Catch::Contains("but лайка"));
    CHECK_THAT(words("ISO_IR100", "L\xF6we"), Catch::Contains("but LöWE"));
    CHECK_THAT(words("ISO_IR 149", "\xB0\xAD\xBE\xC6\xC1\xF6"), Catch::Contains("but 강아지"));
    CHECK_THAT(words("GBK", "\xC8\xAE"), Catch::Contains("but 犬"));
    CHECK(refusals_of(text(DCM_SOPClassUID, UID_MRImageStorage)).at(0).text ==
          "the model does not read MR Image Storage");
    CHECK(refusals_of(text(DCM_SOPClassUID, "1.2.3.4")).at(0).text ==
          "the model does not read SOP class 1.2.3.4");
}

TEST_CASE("an age in years has one edge, whether it is stated or counted", "[inference]") {
    Accepts children = chest_of_adults();
    children.min_age_years = 0;
    children.max_age_years = 6;
    children.age_may_be_missing = false;
    CHECK(refusals_of(aged("006Y", ""), children).empty());
    CHECK(refusals_of(aged("", "20190103"), children).empty());  // 6 years and 364 days
    CHECK(refusals_of(aged("006Y", "20190103"), children).empty());
    CHECK(refusals_of(aged("083M", ""), children).empty());
    for (const auto& [age, born] : std::vector<std::pair<const char*, const char*>>{
             {"007Y", ""}, {"", "20190102"}, {"006Y", "20180601"}, {"084M", ""}}) {
        CAPTURE(age, born);
        CHECK(refusals_of(aged(age, born), children).at(0).key == "age.out_of_range");
    }
    Accepts adults = chest_of_adults();
    CHECK(refusals_of(aged("018Y", "20080102"), adults).empty());
    CHECK(refusals_of(aged("", "20080103"), adults).at(0).key == "age.out_of_range");
    // Rounded, or counted when the exam was ordered.
    CHECK(refusals_of(aged("045Y", "19800301"), adults).empty());
    CHECK(refusals_of(aged("046Y", "19800301"), adults).empty());
}

TEST_CASE("a package that asks for no age does not mind a contradiction", "[inference]") {
    Accepts anybody = chest_of_adults();
    anybody.min_age_years = 0;
    anybody.max_age_years.reset();
    CHECK(refusals_of(aged("000Y", "19500101"), anybody).empty());
    CHECK(refusals_of(aged("", "20270101"), anybody).empty());
    anybody.age_may_be_missing = false;
    CHECK(refusals_of(aged("000Y", "19500101"), anybody).at(0).key == "age.contradicted");
}

TEST_CASE("pixels that cannot be decoded are refused before decoding", "[inference]") {
    Header header;
    header.sop_class = UID_DigitalXRayImageStorageForPresentation;
    header.modality = "DX";
    header.photometric = "MONOCHROME2";
    header.rows = header.columns = 2000;
    header.has_pixels = true;
    header.transfer_syntax = "1.2.840.10008.1.2.4.100";  // MPEG-2
    const auto found = refusals(header, chest_of_adults());
    REQUIRE(found.size() == 1);
    CHECK(found[0].key == "transfer_syntax.not_decoded");
    CHECK_THAT(found[0].text, Catch::Contains("1.2.840.10008.1.2.4.100"));
}

TEST_CASE("an image that breaks several rules gets all reasons, in the order of the rules",
          "[inference]") {
    const auto found = refusals_of(
        both(text(DCM_Modality, "MG"), both(text(DCM_ViewPosition, "LL"), number(DCM_Rows, 4))));
    REQUIRE(found.size() == 3);
    CHECK(found[0].key == "modality.not_taken");
    CHECK(found[1].key == "view.not_taken");
    CHECK(found[2].key == "image.too_small");
}

TEST_CASE("docs/eligibility.md is what the rules print", "[inference][docs]") {
    const auto file = std::filesystem::path(BUCKY_SOURCE_DIR) / "docs" / "eligibility.md";
    INFO("the table should be:\n" << table());
    CHECK(bytes_of(file).find(table()) != std::string::npos);
}
