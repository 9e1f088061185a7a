// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/kind.h"

#include <set>
#include <string>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcitem.h"

#include "dicom_sr/key_objects/key_objects.h"

namespace bucky::dicom_sr {
namespace {

/// The instances of the study that the document says it refers to.
std::set<std::string> evidence_of(const ReadBack& read, Complaints& out) {
    std::set<std::string> evidence;
    const auto add_study = [&](DcmItem& study) {
        require_same(study, DCM_StudyInstanceUID, read.source.study.str(), out);
        for_each_item(study, DCM_ReferencedSeriesSequence, [&](DcmItem& series) {
            for_each_item(series, DCM_ReferencedSOPSequence, [&](DcmItem& image) {
                evidence.insert(value_of(image, DCM_ReferencedSOPInstanceUID));
            });
        });
    };
    for_each_item(read.dataset, DCM_CurrentRequestedProcedureEvidenceSequence, add_study);
    return evidence;
}

}  // namespace

void check_key_objects(const ReadBack& read, Complaints& out) {
    require_values(read.dataset,
                   {DCM_InstanceNumber, DCM_ValueType, DCM_ConceptNameCodeSequence,
                    DCM_ContinuityOfContent, DCM_ContentSequence, DCM_ContentTemplateSequence},
                   out);
    require_presence(read.dataset, {DCM_ReferencedPerformedProcedureStepSequence}, out);
    if (value_of(read.dataset, DCM_Modality) != "KO") out.emplace_back("Modality is not KO");
    std::set<std::string> shown;
    for_each_item(read.dataset, DCM_ContentSequence, [&](DcmItem& child) {
        for_each_item(child, DCM_ReferencedSOPSequence, [&](DcmItem& image) {
            shown.insert(value_of(image, DCM_ReferencedSOPInstanceUID));
        });
    });
    if (shown.empty()) out.emplace_back("the selection refers to no image");
    if (shown != evidence_of(read, out)) out.emplace_back("the evidence is not the selection");
}

template <>
KindParts parts<ResultKind::key_objects>() {
    return {.make = [](const Material& of) { return key_objects(of.report); },
            .check = check_key_objects,
            .applies = has_key_objects,
            .pixels_drawn = draws_nothing};
}

}  // namespace bucky::dicom_sr
