// SPDX-License-Identifier: Apache-2.0
// What the report says: the TID 1500 content tree, without the modules around it.
#pragma once

#include <vector>

#include "dicom_sr/common/content_tree.h"
#include "dicom_sr/common/study_report.h"

namespace bucky::dicom_sr {

void write_content(ContentTree& tree, const StudyReport& report);

/// What every report begins with: language, observer, procedure.
void add_head(ContentTree& tree, const StudyReport& report);

/// What every report says in words: that it is no reading, and which models spoke.
std::vector<std::string> notes_of(const StudyReport& report);

/// What this node said of earlier studies of the patient, each with its report.
void add_priors(ContentTree& tree, const StudyReport& report);

}  // namespace bucky::dicom_sr
