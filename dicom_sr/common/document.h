// SPDX-License-Identifier: Apache-2.0
// What every document of a study has around its content: patient, study, series, equipment,
// algorithms, evidence (PS3.3 C.17.1, C.17.2, C.17.6), and what its content begins with.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "conf/base/choices.h"
#include "dicom_sr/common/content_tree.h"
#include "dicom_sr/common/study_report.h"

class DcmItem;

namespace bucky::dicom_sr {

/// Throws corrupt when the images are of more than one study or patient; bug when there are none.
void require_one_study(const std::vector<ReportedImage>& images);

/// The same, and bug when there are more than one document lists.
void require_listable(const std::vector<ReportedImage>& images);

/// SOP Common, Patient, Study, Document Series, General Equipment, and an item of Contributing
/// Equipment for each algorithm. Dated by report.content_at_ms.
void write_document_head(DcmItem& dataset, const StudyReport& report, const Object& object,
                         std::string_view modality);

/// An SR document without its content: the head, and SR Document General.
void write_document(DcmItem& dataset, const StudyReport& report, const Object& object);

/// Every instance that the content refers to, study by series by instance (PS3.3 Table C.17-3).
void write_evidence(DcmItem& dataset, std::span<const ReportedImage> images,
                    std::span<const Explanation> explanations = {});

/// The order that the study answers, where there is an accession number.
void write_request(DcmItem& dataset, const Source& source);

/// Predecessor Documents Sequence.
void write_superseded(DcmItem& dataset, const Uid& study_uid, const Uid& series_uid,
                      const ImageReference& document);

/// PS3.3 C.12.1: required where a code of a private scheme may stand.
void write_own_scheme(DcmItem& dataset);

void add_language(ContentTree& tree, Language language);          ///< TID 1204
void add_observer(ContentTree& tree, const StudyReport& report);  ///< TID 1002 and 1004

}  // namespace bucky::dicom_sr
