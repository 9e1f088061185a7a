// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/key_objects/key_objects.h"

#include <algorithm>
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
using examples::altered;

namespace {

/// UIDs of the images that the content refers to, in its order.
std::vector<std::string> selection_of(DcmItem& dataset) {
    std::vector<std::string> uids;
    DcmSequenceOfItems* content = nullptr;
    REQUIRE(dataset.findAndGetSequence(DCM_ContentSequence, content).good());
    for (unsigned long at = 0; at < content->card(); ++at) {
        DcmItem* reference = nullptr;
        auto& item = *content->getItem(at);
        if (item.findAndGetSequenceItem(DCM_ReferencedSOPSequence, reference).good()) {
            uids.push_back(value(*reference, DCM_ReferencedSOPInstanceUID));
        }
    }
    return uids;
}

std::vector<std::string> selected(std::vector<ReportedImage> images) {
    const auto object = key_objects(examples::report(std::move(images)));
    CHECK(verify(object, examples::source()) == std::vector<std::string>{});
    const auto file = from_part10(object.part10);
    return selection_of(*file->getDataset());
}

ReportedImage undetermined(int number) {
    auto image = examples::without_findings(number);
    image.result.findings.front().answer = inference::Answer::undetermined;
    return image;
}

bool complains(const Object& object, const std::string& words) {
    const auto complaints = verify(object, examples::source());
    return std::ranges::any_of(
        complaints, [&](const std::string& one) { return one.find(words) != std::string::npos; });
}

}  // namespace

TEST_CASE("the images with a finding are key objects, and no others", "[dicom_sr]") {
    using namespace examples;
    CHECK(selected({without_findings(1), with_findings(2), lateral(3), undetermined(4)}) ==
          std::vector{source(2).sop_instance.str(), source(4).sop_instance.str()});
}

TEST_CASE("a study without a finding has no key objects", "[dicom_sr]") {
    using namespace examples;
    CHECK_FALSE(has_key_objects(std::vector{without_findings(1), lateral(2), failed(3)}));
    CHECK(has_key_objects(std::vector{without_findings(1), undetermined(2)}));
    CHECK_THROWS_AS(key_objects(report({without_findings()})), Error);
}

TEST_CASE("a key object selection says what was found, and that it is no reading", "[dicom_sr]") {
    auto report = examples::report({examples::with_findings()});
    report.language = GENERATE(Language::english, Language::korean);
    const auto object = key_objects(report);
    test::Folder folder;
    const auto file = folder.keep("kos.dcm", object.part10);
    CHECK(test::iod_errors(file).empty());
    const auto dump = test::output_of("dsrdump +U8 +Pl +Pc " + file.string());
    CHECK_THAT(dump, Catch::Contains("Key Object Selection Document") &&
                         Catch::Contains("113000,DCM,\"Of Interest\""));
    const bool is_korean = report.language == Language::korean;
    CHECK_THAT(dump, Catch::Contains(is_korean ? "AI 판독 보조 결과" : "Not a diagnosis"));
    CHECK_THAT(dump, Catch::Contains(is_korean ? "기흉" : "Pneumothorax"));
}

TEST_CASE("the same study has the same key object selection, byte for byte", "[dicom_sr]") {
    const auto report = examples::report({examples::with_findings(1), examples::with_findings(2)});
    CHECK((key_objects(report).part10 == key_objects(report).part10));
}

TEST_CASE("verify sees a selection that is empty or is not its evidence", "[dicom_sr]") {
    const auto object = key_objects(examples::report({examples::with_findings()}));
    CHECK(complains(altered(object,
                            [](auto& set) {
                                set.findAndDeleteElement(
                                    DCM_CurrentRequestedProcedureEvidenceSequence);
                            }),
                    "evidence"));
    CHECK(complains(altered(object,
                            [](auto& set) {
                                DcmSequenceOfItems* content = nullptr;
                                set.findAndGetSequence(DCM_ContentSequence, content);
                                delete content->remove(content->card() - 1);
                            }),
                    "no image"));
    CHECK(complains(altered(object, [](auto& set) { set.putAndInsertString(DCM_Modality, "SR"); }),
                    "KO"));
}
