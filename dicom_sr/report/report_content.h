// SPDX-License-Identifier: Apache-2.0
// The TID 1500 content tree of the report, without the modules around it.
#pragma once

#include <vector>

#include "dicom_sr/common/content_tree.h"
#include "dicom_sr/common/study_report.h"

namespace bucky::dicom_sr {

void write_content(ContentTree& tree, const StudyReport& report);

/// The first items of every report: language, observer, procedure.
void add_head(ContentTree& tree, const StudyReport& report);

/// The sentences of every report: that it is not a reading, and which models were used.
std::vector<std::string> notes_of(const StudyReport& report);

/// The results of earlier studies of the patient, each with its report.
void add_priors(ContentTree& tree, const StudyReport& report);

}  // namespace bucky::dicom_sr
