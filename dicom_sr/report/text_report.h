// SPDX-License-Identifier: Apache-2.0
// The report for an archive that accepts only Basic Text SR: the same answers in sentences, one
// section an image. In place of an outline it has the bounding box, in pixels.
#pragma once

#include "dicom_sr/common/content_tree.h"
#include "dicom_sr/report/measurement_report.h"

namespace bucky::dicom_sr {

/// src  PS3.3 A.35.1; PS3.16 TID 2000, whose sections these are
void write_text_content(ContentTree& tree, const StudyReport& report);

}  // namespace bucky::dicom_sr
