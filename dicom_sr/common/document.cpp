// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/document.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcitem.h"

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/base/product.h"
#include "conf/dicom/text.h"
#include "dicom_sr/common/codes.h"
#include "dicom_sr/common/identity.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/orders.h"
#include "dicom_sr/common/wording.h"

namespace bucky::dicom_sr {
namespace {

/// The last document of the same kind, class and rendering.
void write_predecessor(DcmItem& dataset, const StudyReport& report, const Object& self) {
    // A report that is made again without a new image is the same object: it supersedes nothing.
    if (!report.predecessor || report.predecessor->sop_instance == self.sop_instance) return;
    write_superseded(dataset, report.images.front().source.study, report.predecessor->series,
                     {self.sop_class, report.predecessor->sop_instance, {}});
}

/// The reports of other studies that the content refers to (PS3.3 C.17.2), one a study.
void write_other_evidence(DcmItem& dataset, const std::vector<Prior>& priors) {
    for (const Prior& prior : priors) {
        DcmItem& study = new_item(dataset, DCM_PertinentOtherEvidenceSequence);
        put(study, DCM_StudyInstanceUID, prior.study.str());
        DcmItem& series = new_item(study, DCM_ReferencedSeriesSequence);
        put(series, DCM_SeriesInstanceUID, prior.series.str());
        put_reference(series, DCM_ReferencedSOPSequence, {prior.sop_class, prior.sop_instance, {}});
    }
}

void write_document_general(DcmItem& dataset, const StudyReport& report, const LocalTime& content,
                            const Object& self) {
    const auto failed = std::ranges::count(report.images, inference::Verdict::failed,
                                           [](const auto& image) { return image.result.verdict; });
    // It grows with the images: a viewer that shows the last instance shows the newest version.
    put(dataset, DCM_InstanceNumber, std::to_string(report.images.size()));
    put(dataset, DCM_ContentDate, content.date);
    put(dataset, DCM_ContentTime, content.time);
    put(dataset, DCM_CompletionFlag, failed > 0 ? "PARTIAL" : "COMPLETE");
    if (failed > 0) {
        put(dataset, DCM_CompletionFlagDescription,
            fmt::format("{} of {} images could not be analysed", failed, report.images.size()));
    }
    put(dataset, DCM_VerificationFlag, "UNVERIFIED");
    put(dataset, DCM_PreliminaryFlag, "PRELIMINARY");  // a person has not read it
    (void)dataset.insertEmptyElement(DCM_PerformedProcedureCodeSequence);
    write_request(dataset, report.images.front().source);
    write_predecessor(dataset, report, self);
    write_evidence(dataset, report.images, report.explanations);
    write_other_evidence(dataset, report.priors);
}

}  // namespace

void require_one_study(const std::vector<ReportedImage>& images) {
    if (images.empty()) throw Error(Fault::bug, "a report without an image");
    const Source& first = images.front().source;
    for (const ReportedImage& image : images) {
        const Source& source = image.source;
        if (source.study != first.study) {
            throw Error(Fault::corrupt, "image {} is not of study {}", source.sop_instance.str(),
                        first.study.str());
        }
        if (source.patient_id != first.patient_id) {
            throw Error(Fault::corrupt, "image {} of study {} is of another patient",
                        source.sop_instance.str(), first.study.str());
        }
    }
}

void require_listable(const std::vector<ReportedImage>& images) {
    require_one_study(images);
    if (images.size() > limits::kReportImagesMax) {
        throw Error(Fault::bug, "a report of {} images: 1 to {} are allowed", images.size(),
                    limits::kReportImagesMax);
    }
}

void write_evidence(DcmItem& dataset, std::span<const ReportedImage> images,
                    std::span<const Explanation> explanations) {
    std::map<Uid, std::vector<ImageReference>> by_series;
    std::set<Uid> named;
    const auto add = [&](const Uid& series, const Uid& sop_class, const Uid& sop_instance) {
        if (!named.insert(sop_instance).second) return;
        by_series[series].push_back({sop_class, sop_instance, {}});
    };
    for (const ReportedImage& image : images) {
        const Source& source = image.source;
        add(source.series, source.sop_class, source.sop_instance);
    }
    for (const Explanation& one : explanations) {
        add(one.series, one.sop_class, one.sop_instance);
    }
    DcmItem& study = new_item(dataset, DCM_CurrentRequestedProcedureEvidenceSequence);
    put(study, DCM_StudyInstanceUID, images.front().source.study.str());
    for (const auto& [uid, instances] : by_series) {
        DcmItem& series = new_item(study, DCM_ReferencedSeriesSequence);
        put(series, DCM_SeriesInstanceUID, uid.str());
        for (const ImageReference& one : instances) {
            put_reference(series, DCM_ReferencedSOPSequence, one);
        }
    }
}

void write_request(DcmItem& dataset, const Source& source) {
    const auto is_known = [](const DcmTagKey& tag, const std::string& text) {
        return !fitted(tag, text).empty();
    };
    if (!is_known(DCM_AccessionNumber, source.accession_number) &&
        !is_known(DCM_RequestedProcedureID, source.requested_procedure_id)) {
        return;
    }
    DcmItem& request = new_item(dataset, DCM_ReferencedRequestSequence);
    put(request, DCM_StudyInstanceUID, source.study.str());
    put(request, DCM_AccessionNumber, source.accession_number);
    write_issuer_of_accession(request, source);
    (void)request.insertEmptyElement(DCM_ReferencedStudySequence);
    if (!write_requested_procedure(request, source)) {  // type 2
        (void)request.insertEmptyElement(DCM_RequestedProcedureCodeSequence);
    }
    put(request, DCM_PlacerOrderNumberImagingServiceRequest, source.placer_order);
    put(request, DCM_FillerOrderNumberImagingServiceRequest, source.filler_order);
    put(request, DCM_RequestedProcedureID, source.requested_procedure_id);
    put(request, DCM_RequestedProcedureDescription, source.requested_procedure);
}

void write_superseded(DcmItem& dataset, const Uid& study_uid, const Uid& series_uid,
                      const ImageReference& document) {
    DcmItem& study = new_item(dataset, DCM_PredecessorDocumentsSequence);
    put(study, DCM_StudyInstanceUID, study_uid.str());
    DcmItem& series = new_item(study, DCM_ReferencedSeriesSequence);
    put(series, DCM_SeriesInstanceUID, series_uid.str());
    put_reference(series, DCM_ReferencedSOPSequence, document);
}

void write_own_scheme(DcmItem& dataset) {
    DcmItem& scheme = new_item(dataset, DCM_CodingSchemeIdentificationSequence);
    put(scheme, DCM_CodingSchemeDesignator, codes::kOwnScheme);
    put(scheme, DCM_CodingSchemeName, "Bucky: concepts without a code in PS3.16");
    put(scheme, DCM_CodingSchemeResponsibleOrganization, kManufacturer);
}

void write_document_head(DcmItem& dataset, const StudyReport& report, const Object& object,
                         std::string_view modality) {
    const Source& source = report.images.front().source;
    const LocalTime content = local_time(report.content_at_ms, source);
    write_sop_common(dataset, object.sop_class, object.sop_instance, content, source);
    write_patient(dataset, source);
    write_study(dataset, source);
    put(dataset, DCM_Modality, modality);
    put(dataset, DCM_SeriesInstanceUID, object.series.str());
    put(dataset, DCM_SeriesNumber, row_of(object.kind).series_number);
    put(dataset, DCM_SeriesDescription, title_of(report.images, report.language));
    (void)dataset.insertEmptyElement(DCM_ReferencedPerformedProcedureStepSequence);
    write_equipment(dataset, report.node_name, report.software_version, source);
    write_algorithms(dataset, models_of(report.images));
}

void write_document(DcmItem& dataset, const StudyReport& report, const Object& object) {
    const LocalTime content = local_time(report.content_at_ms, report.images.front().source);
    write_document_head(dataset, report, object, "SR");
    write_own_scheme(dataset);
    write_document_general(dataset, report, content, object);
}

void add_language(ContentTree& tree, Language language) {
    tree.code(Relation::has_concept_modifier, codes::kLanguage, language_code(language));
}

void add_observer(ContentTree& tree, const StudyReport& report) {
    constexpr auto kContext = Relation::has_observation_context;
    tree.code(kContext, codes::kObserverType, codes::kDevice);
    tree.uid(kContext, codes::kDeviceObserverUid, observer_uid(report.node_name));
    tree.text(kContext, codes::kDeviceObserverName, cleaned(report.node_name));
    tree.text(kContext, codes::kDeviceObserverManufacturer, kManufacturer);
    tree.text(kContext, codes::kDeviceObserverModel,
              cleaned(fmt::format("Bucky AI modality {}", report.software_version)));
}

}  // namespace bucky::dicom_sr
