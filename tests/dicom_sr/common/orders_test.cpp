// SPDX-License-Identifier: Apache-2.0
// What results say of the order: matrix_test.cpp shows all of it to the judges.
#include "dicom_sr/common/orders.h"

#include <memory>

#include <catch2/catch.hpp>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/report/measurement_report.h"
#include "dicom_sr/segmentation/segmentation.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"
#include "tests/dicom_sr/value.h"
#include "tests/support/exhibits.h"

using namespace bucky;
using namespace bucky::dicom_sr;

namespace {

/// A film with all of it, as a device writes it.
std::unique_ptr<DcmDataset> film() {
    const Source source = examples::ordered(examples::source(1));
    auto dataset = std::make_unique<DcmDataset>();
    put(*dataset, DCM_SpecificCharacterSet, "ISO_IR 192");
    put(*dataset, DCM_SOPClassUID, source.sop_class.str());
    put(*dataset, DCM_SOPInstanceUID, source.sop_instance.str());
    put(*dataset, DCM_Modality, "DX");
    write_patient(*dataset, source);
    write_study(*dataset, source);
    put(*dataset, DCM_InstitutionName, source.institution);
    write_request_attributes(*dataset, source);
    return dataset;
}

Source read(std::unique_ptr<DcmDataset> dataset) {
    const bucky::test::NotForJudges without_pixels;
    test::Folder folder;
    return read_source(folder.keep("film.dcm", to_part10(std::move(dataset))));
}

DcmItem& item(DcmItem& in, const DcmTagKey& sequence, long at = 0) {
    DcmItem* found = nullptr;
    REQUIRE(in.findAndGetSequenceItem(sequence, found, at).good());
    return *found;
}

ReportedImage image_of(const Source& source) {
    auto image = examples::with_findings();
    image.source = source;
    image.source.rows = 2000;
    image.source.columns = 1600;
    return image;
}

}  // namespace

TEST_CASE("a report has the order of its image, and reports the procedure that was done",
          "[dicom_sr][identity]") {
    const auto file =
        from_part10(measurement_report(examples::report({image_of(read(film()))})).part10);
    DcmDataset& report = *file->getDataset();
    CHECK(value(report, DCM_InstitutionName) == "Health centre 17, 보건소");
    CHECK(value(report, DCM_AdmissionID) == "ADM-3");
    CHECK(value(item(report, DCM_IssuerOfPatientIDQualifiersSequence), DCM_UniversalEntityID) ==
          "1.2.410.100110");
    DcmItem& other = item(report, DCM_OtherPatientIDsSequence);
    CHECK(value(other, DCM_PatientID) == "KR-77");
    CHECK(value(other, DCM_IssuerOfPatientID) == "NHIS");
    CHECK(value(item(report, DCM_IssuerOfAccessionNumberSequence), DCM_LocalNamespaceEntityID) ==
          "RIS");
    CHECK(value(item(report, DCM_ProcedureCodeSequence), DCM_CodeValue) == "36643-5");
    DcmItem& request = item(report, DCM_ReferencedRequestSequence);
    CHECK(value(request, DCM_RequestedProcedureID) == "RP-1");
    CHECK(value(request, DCM_RequestedProcedureDescription) == "Chest PA, screening");
    CHECK(value(item(request, DCM_RequestedProcedureCodeSequence), DCM_CodeValue) == "CHESTPA");
    CHECK(value(item(request, DCM_IssuerOfAccessionNumberSequence), DCM_UniversalEntityIDType) ==
          "ISO");
}

TEST_CASE("an object that is no document has the order in its series", "[dicom_sr][identity]") {
    const auto image = image_of(read(film()));
    const auto file = from_part10(segmentation(image, Language::english, "0.2.0").part10);
    DcmItem& request = item(*file->getDataset(), DCM_RequestAttributesSequence);
    CHECK(value(request, DCM_RequestedProcedureID) == "RP-1");
    CHECK(value(request, DCM_AccessionNumber) == "ACC-1");
    CHECK(value(item(request, DCM_RequestedProcedureCodeSequence), DCM_CodeValue) == "CHESTPA");
    CHECK(value(*file->getDataset(), DCM_InstitutionName) == "Health centre 17, 보건소");
}

TEST_CASE("the procedure reported is the image's, else the requested one, else imaging",
          "[dicom_sr][identity]") {
    const auto reported = [](const Source& source) {
        test::Folder folder;
        const auto file = folder.keep(
            "report.dcm", measurement_report(examples::report({image_of(source)})).part10);
        const auto dump = test::output_of("dsrdump +U8 +Pc " + file.string());
        const auto at = dump.find("\"Procedure reported\")=");
        REQUIRE(at != std::string::npos);
        return dump.substr(at, dump.find('\n', at) - at);
    };
    Source source = read(film());
    CHECK_THAT(reported(source), Catch::Contains("(36643-5,LN"));
    source.procedures.clear();
    CHECK_THAT(reported(source), Catch::Contains("(CHESTPA,99RIS"));
    source.requested_procedures.clear();
    CHECK_THAT(reported(source), Catch::Contains("(363679005,SCT"));
}

TEST_CASE("of an order, what DICOM does not allow is left out whole", "[dicom_sr][identity]") {
    auto dataset = film();
    put(item(*dataset, DCM_IssuerOfAccessionNumberSequence), DCM_UniversalEntityIDType, "HOUSE");
    put(item(*dataset, DCM_OtherPatientIDsSequence), DCM_TypeOfPatientID, "CARD");
    DcmItem& code = item(*dataset, DCM_ProcedureCodeSequence);
    REQUIRE(code.putAndInsertString(DCM_CodeValue, "A-CODE-OF-17-CHAR").good());
    (void)new_item(*dataset, DCM_RequestAttributesSequence);  // a second request: none is meant
    const Source source = read(std::move(dataset));
    CHECK(source.issuer_of_accession.local == "RIS");
    CHECK(source.issuer_of_accession.universal.empty());
    CHECK(source.other_patient_ids.at(0).type == "TEXT");
    CHECK(source.procedures.empty());
    CHECK(source.requested_procedures.empty());
    CHECK(source.requested_procedure.empty());
}
