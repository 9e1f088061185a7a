// SPDX-License-Identifier: Apache-2.0
// What every SR document of a study has around its content: patient, study, series, equipment,
// algorithms, evidence (PS3.3 C.17.1 to C.17.2).
#pragma once

#include <string_view>
#include <vector>

#include "dicom_sr/common/study_report.h"

class DcmItem;

namespace bucky::dicom_sr {

/// Throws corrupt when the images are of more than one study or patient; bug when there are none.
void require_one_study(const std::vector<ReportedImage>& images);

/// The same, and bug when there are more than one document lists.
void require_listable(const std::vector<ReportedImage>& images);

void write_document(DcmItem& dataset, const StudyReport& report, const Object& object,
                    std::string_view series_number);

}  // namespace bucky::dicom_sr
