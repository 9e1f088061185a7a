// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/report/check_report.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"

#include "dicom_sr/common/checks.h"
#include "dicom_sr/common/codes.h"

namespace bucky::dicom_sr {
namespace {

std::string type_of(DcmItem& item) {
    return value_of(item, DCM_ValueType);
}

/// The content that a viewer needs beyond what validators check: a valid report may show a black
/// picture.
class ContentCheck {
public:
    ContentCheck(DcmItem& dataset, const Source& source, Complaints& out)
        : source_(source), out_(out) {
        read_evidence(dataset);
        read_other_evidence(dataset);
        if (!is_named(dataset, codes::kMeasurementReport)) {
            out_.emplace_back("the root is no Imaging Measurement Report");
        }
        if (!evidence_.contains(source.sop_instance.str())) {
            out_.emplace_back("the evidence does not name the source");
        }
        visit(dataset);
        if (!measured_ && source.rows > 0 && source.columns > 0) {
            out_.emplace_back("no measurement group: a viewer would show a black picture");
        }
    }

private:
    void read_evidence(DcmItem& dataset) {
        for_each_item(dataset, DCM_CurrentRequestedProcedureEvidenceSequence, [&](DcmItem& study) {
            require_same(study, DCM_StudyInstanceUID, source_.study.str(), out_);
            for_each_item(study, DCM_ReferencedSeriesSequence, [&](DcmItem& series) {
                for_each_item(series, DCM_ReferencedSOPSequence, [&](DcmItem& image) {
                    evidence_.insert(value_of(image, DCM_ReferencedSOPInstanceUID));
                });
            });
        });
    }

    /// The report may refer to reports of earlier studies. verify() does not know those studies.
    void read_other_evidence(DcmItem& dataset) {
        for_each_item(dataset, DCM_PertinentOtherEvidenceSequence, [&](DcmItem& study) {
            if (value_of(study, DCM_StudyInstanceUID) == source_.study.str()) {
                out_.emplace_back("the study itself is named as another one");
            }
            for_each_item(study, DCM_ReferencedSeriesSequence, [&](DcmItem& series) {
                for_each_item(series, DCM_ReferencedSOPSequence, [&](DcmItem& report) {
                    other_evidence_.insert(value_of(report, DCM_ReferencedSOPInstanceUID));
                });
            });
        });
    }

    void visit(DcmItem& item) {
        for_each_item(item, DCM_ContentSequence, [&](DcmItem& child) {
            const std::string type = type_of(child);
            if (type == "IMAGE") check_reference(child, evidence_);
            if (type == "COMPOSITE") check_reference(child, other_evidence_);
            if (type != "IMAGE" && !child.tagExistsWithValue(DCM_ConceptNameCodeSequence)) {
                out_.push_back("an item of type " + type + " has no concept name");
            }
            if (is_named(child, codes::kMeasurementGroup)) check_group(child);
            visit(child);
        });
    }

    void check_reference(DcmItem& item, const std::set<std::string>& evidence) {
        for_each_item(item, DCM_ReferencedSOPSequence, [&](DcmItem& reference) {
            const std::string uid = value_of(reference, DCM_ReferencedSOPInstanceUID);
            if (!evidence.contains(uid))
                out_.push_back("instance " + uid + " is not in the evidence");
        });
    }

    void check_group(DcmItem& group) {
        measured_ = true;
        int identifiers = 0;
        int regions = 0;
        std::string first_uid;
        for_each_item(group, DCM_ContentSequence, [&](DcmItem& child) {
            if (is_named(child, codes::kTrackingIdentifier)) ++identifiers;
            if (type_of(child) == "UIDREF" && first_uid.empty()) {
                first_uid = is_named(child, codes::kTrackingUid) ? value_of(child, DCM_UID) : "?";
            }
            if (type_of(child) == "SCOORD") {
                ++regions;
                check_region(child);
            }
        });
        if (identifiers != 1) out_.emplace_back("a group without its tracking identifier");
        if (regions != 1) out_.push_back(fmt::format("a group with {} outlines", regions));
        if (first_uid.empty() || first_uid == "?") {
            out_.emplace_back("a group whose first UID is not its tracking UID");
        } else if (!tracked_.insert(first_uid).second) {
            out_.push_back("tracking UID " + first_uid + " stands in two groups");
        }
    }

    void check_region(DcmItem& region) {
        std::string first_child;
        for_each_item(region, DCM_ContentSequence, [&](DcmItem& child) {
            if (first_child.empty()) first_child = type_of(child);
        });
        if (first_child != "IMAGE") out_.emplace_back("an outline whose first child is no image");
        const Float32* data = nullptr;
        unsigned long count = 0;
        (void)region.findAndGetFloat32Array(DCM_GraphicData, data, &count);
        const bool closed = count >= 6 && count % 2 == 0 && data[0] == data[count - 2] &&
                            data[1] == data[count - 1];
        if (!closed) out_.emplace_back("an outline that is not closed");
    }

    const Source& source_;
    Complaints& out_;
    std::set<std::string> evidence_, other_evidence_;
    std::set<std::string> tracked_;
    bool measured_ = false;
};

void check_document(DcmItem& dataset, Complaints& out) {
    require_values(
        dataset,
        {DCM_CompletionFlag, DCM_VerificationFlag, DCM_ValueType, DCM_ConceptNameCodeSequence,
         DCM_ContinuityOfContent, DCM_ContentSequence, DCM_ContentTemplateSequence},
        out);
    require_presence(
        dataset, {DCM_ReferencedPerformedProcedureStepSequence, DCM_PerformedProcedureCodeSequence},
        out);
    if (value_of(dataset, DCM_Modality) != "SR") out.emplace_back("Modality is not SR");
}

/// A text report has no measurement groups, but each image must have its words.
void check_text(DcmItem& dataset, const Source& source, Complaints& out) {
    bool spoken = false;
    for_each_item(dataset, DCM_ContentSequence, [&](DcmItem& section) {
        bool has_words = false;
        bool is_ours = false;
        for_each_item(section, DCM_ContentSequence, [&](DcmItem& child) {
            has_words |= !value_of(child, DCM_TextValue).empty();
            for_each_item(child, DCM_ReferencedSOPSequence, [&](DcmItem& image) {
                is_ours |=
                    value_of(image, DCM_ReferencedSOPInstanceUID) == source.sop_instance.str();
            });
        });
        spoken |= has_words && is_ours;
    });
    if (!spoken) out.emplace_back("no section says anything about the source");
}

/// A withdrawal names no image: what it takes back stands in the report that it supersedes.
bool is_withdrawal_of(const Source& source) {
    return std::ranges::find(kReportClasses, source.sop_class.str()) != kReportClasses.end();
}

}  // namespace

void check_report(const ReadBack& read, Complaints& out) {
    check_document(read.dataset, out);
    if (is_withdrawal_of(read.source)) {
        require_values(read.dataset, {DCM_PredecessorDocumentsSequence}, out);
    } else if (value_of(read.dataset, DCM_SOPClassUID) == sop_class::kBasicTextSr) {
        check_text(read.dataset, read.source, out);
    } else {
        const ContentCheck content(read.dataset, read.source, out);
    }
}

}  // namespace bucky::dicom_sr
