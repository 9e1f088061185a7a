// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/report/measurement_report.h"

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcuid.h"

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

/// What the report says beside its images: part of its UID. Empty for an ordinary study.
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

/// A viewer that shows the last instance of a series shows this one.
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

Object measurement_report(const StudyReport& report) {
    require_listable(report.images);
    Object object;
    object.sop_class = report.sop_class;
    object.sop_instance = report_uid(report.images, report.sop_class, beside_images(report));
    object.series = series_uid_of(object.sop_instance);
    object.transfer_syntax = UID_LittleEndianExplicitTransferSyntax;
    object.kind = ResultKind::report;

    auto dataset = std::make_unique<DcmDataset>();
    write_document(*dataset, report, object);

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
    object.series = series_uid_of(object.sop_instance);
    object.transfer_syntax = UID_LittleEndianExplicitTransferSyntax;
    object.kind = ResultKind::report;

    auto dataset = std::make_unique<DcmDataset>();
    const LocalTime content = local_time(report.content_at_ms, filed_as);
    const Words& say = words(report.language);
    write_sop_common(*dataset, object.sop_class, object.sop_instance, content, filed_as);
    write_own_scheme(*dataset);
    write_patient(*dataset, filed_as);
    write_study(*dataset, filed_as);
    put(*dataset, DCM_Modality, "SR");
    put(*dataset, DCM_SeriesInstanceUID, object.series.str());
    put(*dataset, DCM_SeriesNumber, row_of(ResultKind::report).series_number);
    put(*dataset, DCM_SeriesDescription,
        is_of_demonstration(filed_as.series_description) ? for_demonstration(say.withdrawn_short)
                                                         : say.withdrawn_short);
    (void)dataset->insertEmptyElement(DCM_ReferencedPerformedProcedureStepSequence);
    write_equipment(*dataset, report.node_name, report.software_version, filed_as);
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
