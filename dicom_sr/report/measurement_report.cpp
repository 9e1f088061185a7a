// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/report/measurement_report.h"

#include <algorithm>
#include <map>
#include <set>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcuid.h"

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/base/product.h"
#include "dicom_sr/common/codes.h"
#include "dicom_sr/common/document.h"
#include "dicom_sr/common/identity.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/report/report_content.h"
#include "dicom_sr/report/text_report.h"

namespace bucky::dicom_sr {
namespace {

/// Every image of the report, and what explains its findings, study by series by instance (PS3.3
/// Table C.17-3).
void write_evidence(DcmItem& dataset, const StudyReport& report) {
    std::map<Uid, std::vector<ImageReference>> by_series;
    std::set<Uid> named;
    const auto add = [&](const Uid& series, const Uid& sop_class, const Uid& sop_instance) {
        if (!named.insert(sop_instance).second) return;
        by_series[series].push_back({sop_class, sop_instance, {}});
    };
    for (const ReportedImage& image : report.images) {
        const Source& source = image.source;
        add(source.series, source.sop_class, source.sop_instance);
    }
    for (const Explanation& one : report.explanations) {
        add(one.series, one.sop_class, one.sop_instance);
    }
    DcmItem& study = new_item(dataset, DCM_CurrentRequestedProcedureEvidenceSequence);
    put(study, DCM_StudyInstanceUID, report.images.front().source.study.str());
    for (const auto& [uid, instances] : by_series) {
        DcmItem& series = new_item(study, DCM_ReferencedSeriesSequence);
        put(series, DCM_SeriesInstanceUID, uid.str());
        for (const ImageReference& one : instances) {
            put_reference(series, DCM_ReferencedSOPSequence, one);
        }
    }
}

void write_superseded(DcmItem& dataset, const Uid& study_uid, const Uid& series_uid,
                      const ImageReference& document) {
    DcmItem& study = new_item(dataset, DCM_PredecessorDocumentsSequence);
    put(study, DCM_StudyInstanceUID, study_uid.str());
    DcmItem& series = new_item(study, DCM_ReferencedSeriesSequence);
    put(series, DCM_SeriesInstanceUID, series_uid.str());
    put_reference(series, DCM_ReferencedSOPSequence, document);
}

/// The last document of the same kind, class and rendering: mostly it stands in the same series.
void write_predecessor(DcmItem& dataset, const StudyReport& report, const Object& self) {
    // Reported again without a new image, it is the same object, which cannot supersede itself.
    if (!report.predecessor || *report.predecessor == self.sop_instance) return;
    const Uid& series = report.predecessor_series;
    write_superseded(dataset, report.images.front().source.study,
                     series.empty() ? self.series : series,
                     {self.sop_class, *report.predecessor, {}});
}

/// What the content refers to in other studies (PS3.3 C.17.2): each report is of a study of its
/// own.
void write_other_evidence(DcmItem& dataset, const std::vector<Prior>& priors) {
    for (const Prior& prior : priors) {
        DcmItem& study = new_item(dataset, DCM_PertinentOtherEvidenceSequence);
        put(study, DCM_StudyInstanceUID, prior.study.str());
        DcmItem& series = new_item(study, DCM_ReferencedSeriesSequence);
        put(series, DCM_SeriesInstanceUID, prior.series.str());
        put_reference(series, DCM_ReferencedSOPSequence, {prior.sop_class, prior.sop_instance, {}});
    }
}

void write_request(DcmItem& dataset, const Source& source) {
    if (fitted(DCM_AccessionNumber, source.accession_number).empty()) return;
    DcmItem& request = new_item(dataset, DCM_ReferencedRequestSequence);
    put(request, DCM_StudyInstanceUID, source.study.str());
    put(request, DCM_AccessionNumber, source.accession_number);
    (void)request.insertEmptyElement(DCM_ReferencedStudySequence);
    (void)request.insertEmptyElement(DCM_RequestedProcedureCodeSequence);
    for (const DcmTagKey& tag :
         {DCM_PlacerOrderNumberImagingServiceRequest, DCM_FillerOrderNumberImagingServiceRequest,
          DCM_RequestedProcedureID, DCM_RequestedProcedureDescription}) {
        put(request, tag, "");
    }
}

void write_document_series(DcmItem& dataset, const StudyReport& report, const Uid& series,
                           std::string_view number) {
    put(dataset, DCM_Modality, "SR");
    put(dataset, DCM_SeriesInstanceUID, series.str());
    put(dataset, DCM_SeriesNumber, number);
    put(dataset, DCM_SeriesDescription, series_description(report.images, report.language));
    (void)dataset.insertEmptyElement(DCM_ReferencedPerformedProcedureStepSequence);
}

void write_document_general(DcmItem& dataset, const StudyReport& report, const LocalTime& content,
                            const Object& self) {
    const auto failed = std::ranges::count(report.images, inference::Verdict::failed,
                                           [](const auto& image) { return image.result.verdict; });
    // More images, higher number: a viewer that takes the last one takes the newest version.
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
    write_evidence(dataset, report);
    write_other_evidence(dataset, report.priors);
}

/// What the report tells beside its images, for its UID. Nothing of an ordinary study.
std::string beside_images(const StudyReport& report) {
    std::string words;
    if (report.revision > 0) words += fmt::format(" at revision {}", report.revision);
    if (report.has_other_patients) words += " beside other patients";
    if (report.listed_elsewhere > 0) words += fmt::format(" and {} more", report.listed_elsewhere);
    for (const Unlisted& one : report.unlisted) {
        words += fmt::format(" and {} of {}", one.images, one.reason);
    }
    return words;
}

void write_own_scheme(DcmItem& dataset) {  // PS3.3 C.12.1: required for a private scheme
    DcmItem& scheme = new_item(dataset, DCM_CodingSchemeIdentificationSequence);
    put(scheme, DCM_CodingSchemeDesignator, codes::kOwnScheme);
    put(scheme, DCM_CodingSchemeName, "Bucky: concepts without a code in PS3.16");
    put(scheme, DCM_CodingSchemeResponsibleOrganization, kManufacturer);
}

void write_tree(DcmItem& dataset, const StudyReport& report) {
    if (report.sop_class.str() == UID_BasicTextSRStorage) {
        ContentTree tree(codes::kImagingReport, "2000", report.sop_class);
        write_text_content(tree, report);
        tree.write(dataset);
    } else {
        ContentTree tree(codes::kMeasurementReport, "1500", report.sop_class);
        write_content(tree, report);
        tree.write(dataset);
    }
}

/// A viewer that takes the last of a series takes this one.
constexpr const char* kAfterEveryReport = "999999";

void write_withdrawal_tree(DcmItem& dataset, const Withdrawn& report) {
    StudyReport plain;
    plain.language = report.language;
    plain.node_name = report.node_name;
    plain.software_version = report.software_version;
    const bool is_text = report.filed_as.sop_class.str() == UID_BasicTextSRStorage;
    ContentTree tree(is_text ? codes::kImagingReport : codes::kMeasurementReport,
                     is_text ? "2000" : "1500", report.filed_as.sop_class);
    add_head(tree, plain);
    const Words& say = words(report.language);
    const auto& section = is_text ? codes::kConclusionsSection : codes::kQualitativeEvaluations;
    tree.container(Relation::contains, section, "", [&] {
        for (const char* line : {say.withdrawn, say.assists}) {
            tree.text(Relation::contains, is_text ? codes::kConclusion : codes::kComment, line);
        }
    });
    tree.write(dataset);
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

void write_document(DcmItem& dataset, const StudyReport& report, const Object& object,
                    std::string_view series_number) {
    const Source& source = report.images.front().source;
    const LocalTime content = local_time(report.content_at_ms, source);
    write_sop_common(dataset, object.sop_class, object.sop_instance, content, source);
    write_own_scheme(dataset);
    write_patient(dataset, source);
    write_study(dataset, source);
    write_document_series(dataset, report, object.series, series_number);
    write_equipment(dataset, report.node_name, report.software_version);
    write_algorithms(dataset, models_of(report.images));
    write_document_general(dataset, report, content, object);
}

Object measurement_report(const StudyReport& report) {
    require_listable(report.images);
    Object object;
    object.sop_class = report.sop_class;
    object.sop_instance = report_uid(report.images, report.sop_class, beside_images(report));
    object.series = report_series_uid(report);
    object.transfer_syntax = UID_LittleEndianExplicitTransferSyntax;
    object.kind = kind::kReport;

    auto dataset = std::make_unique<DcmDataset>();
    write_document(*dataset, report, object, kReportSeries);

    write_tree(*dataset, report);
    object.part10 = to_part10(std::move(dataset));
    return object;
}

Uid withdrawal_uid(const Uid& report) {
    return Uid::from_name(fmt::format("withdrawal of {}", report.str()));
}

Object withdrawal(const Withdrawn& report) {
    const Source& filed_as = report.filed_as;
    Object object;
    object.sop_class = filed_as.sop_class;
    object.sop_instance = withdrawal_uid(filed_as.sop_instance);
    object.series = filed_as.series;
    object.transfer_syntax = UID_LittleEndianExplicitTransferSyntax;
    object.kind = kind::kWithdrawal;

    auto dataset = std::make_unique<DcmDataset>();
    const LocalTime content = local_time(report.content_at_ms, filed_as);
    const Words& say = words(report.language);
    write_sop_common(*dataset, object.sop_class, object.sop_instance, content, filed_as);
    write_own_scheme(*dataset);
    write_patient(*dataset, filed_as);
    write_study(*dataset, filed_as);
    put(*dataset, DCM_Modality, "SR");
    put(*dataset, DCM_SeriesInstanceUID, object.series.str());
    put(*dataset, DCM_SeriesNumber, kReportSeries);
    put(*dataset, DCM_SeriesDescription, say.withdrawn_short);
    (void)dataset->insertEmptyElement(DCM_ReferencedPerformedProcedureStepSequence);
    write_equipment(*dataset, report.node_name, report.software_version);
    put(*dataset, DCM_InstanceNumber, kAfterEveryReport);
    put(*dataset, DCM_ContentDate, content.date);
    put(*dataset, DCM_ContentTime, content.time);
    put(*dataset, DCM_CompletionFlag, "COMPLETE");
    put(*dataset, DCM_VerificationFlag, "UNVERIFIED");
    put(*dataset, DCM_PreliminaryFlag, "PRELIMINARY");
    (void)dataset->insertEmptyElement(DCM_PerformedProcedureCodeSequence);
    write_superseded(*dataset, filed_as.study, filed_as.series,
                     {filed_as.sop_class, filed_as.sop_instance, {}});
    write_withdrawal_tree(*dataset, report);
    object.part10 = to_part10(std::move(dataset));
    return object;
}

}  // namespace bucky::dicom_sr
