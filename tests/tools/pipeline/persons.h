// SPDX-License-Identifier: Apache-2.0
// Persons: X-rays of patients whose names, IDs and birth dates a test chooses, in studies that it
// chooses, and the texts of the reports on them.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "dicom_sr/common/object.h"
#include "tests/support/judges.h"
#include "tests/tools/node_harness.h"
#include "tools/bucky/shared/files.h"

namespace bucky::test {

struct Person {
    std::string name = "Kim^Minji", id = "4711", birth_date = "19700101", sex = "F", issuer = "";
};

/// One image; the same seed and UID give the same picture.
struct Xray {
    Person of = {};
    std::uint64_t seed = 1;
    std::vector<phantom::Finding> lesions = {};
    std::string sop_instance = "2.25.8.1";
    std::string study = "2.25.8";
    std::map<DcmTagKey, std::string> also = {};  ///< other attributes
    phantom::TransferSyntax syntax = phantom::TransferSyntax::explicit_little;
};

/// Writes its file.
inline std::filesystem::path write(NodeHarness& harness, const Xray& xray) {
    phantom::DicomOptions dicom;
    dicom.study_uid = xray.study;
    dicom.sop_instance_uid = xray.sop_instance;
    dicom.syntax = xray.syntax;
    const auto plain = harness.dir / "plain.dcm";
    (void)phantom::write_dicom(
        phantom::draw(phantom::random_recipe(xray.seed, 400, 400, xray.lesions)), dicom, plain);
    DcmFileFormat format;
    REQUIRE(format.loadFile(plain.c_str()).good());
    REQUIRE(format.loadAllDataIntoMemory().good());
    auto values = xray.also;
    values.insert({{DCM_PatientName, xray.of.name},
                   {DCM_PatientID, xray.of.id},
                   {DCM_PatientBirthDate, xray.of.birth_date},
                   {DCM_PatientSex, xray.of.sex}});
    if (!xray.of.issuer.empty()) values[DCM_IssuerOfPatientID] = xray.of.issuer;
    for (const auto& [tag, value] : values) {
        REQUIRE(format.getDataset()->putAndInsertOFStringArray(tag, value).good());
    }
    const auto file = harness.dir / "named.dcm";
    REQUIRE(format.saveFile(file.c_str(), EXS_Unknown).good());
    return file;
}

inline storage::Receipt::Kept receive(NodeHarness& harness, const Xray& xray) {
    harness.clock.advance_ms(1000);
    return harness
        .receive_bytes(read_text(write(harness, xray)), Uid{xray.sop_instance}, Uid{xray.study})
        .kept;
}

/// Analyses and reports everything that waits; returns the number of reports.
inline int work(NodeHarness& harness) {
    harness.hang_up();
    harness.infer_all();
    return harness.report_all();
}

/// An SR and its text.
struct Report {
    std::filesystem::path file;
    dicom_sr::Source head;
    std::string text;

    bool says(const std::string& words) const { return text.find(words) != std::string::npos; }
};

/// The SRs of a study in the order in which they were made.
inline std::vector<Report> reports_of(NodeHarness& harness, const std::string& study = "2.25.8") {
    std::vector<Report> reports;
    for (const auto& result : harness.context().outbox.results_of_study(study)) {
        if (result.kind != "sr") continue;
        reports.push_back(
            {result.file, dicom_sr::read_source(result.file), read_text(result.file)});
    }
    return reports;
}

inline std::vector<std::string> patients_of(const std::vector<Report>& reports) {
    std::vector<std::string> ids;
    for (const auto& report : reports) ids.push_back(report.head.patient_id);
    std::ranges::sort(ids);
    return ids;
}

}  // namespace bucky::test
