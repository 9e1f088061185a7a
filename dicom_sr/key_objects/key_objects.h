// SPDX-License-Identifier: Apache-2.0
// The images of a study that have a finding, as a Key Object Selection Document: a viewer shows
// them first, or marks them in its list, without reading a report.
#pragma once

#include <span>

#include "dicom_sr/common/checks.h"
#include "dicom_sr/common/study_report.h"

namespace bucky::dicom_sr {

/// Whether any of these images has a finding, be it undetermined.
bool has_key_objects(std::span<const ReportedImage> images);

/// in   what was found in one study
/// out  a Key Object Selection Document titled "Of Interest", which refers to the images with a
///      finding and says what was found; same images and models, same UIDs
/// err  as measurement_report; bug when no image has a finding
/// src  PS3.3 A.35.4, C.17.6; PS3.16 TID 2010, CID 7010
Object key_objects(const StudyReport& report);

void check_key_objects(const ReadBack& read, Complaints& out);

}  // namespace bucky::dicom_sr
