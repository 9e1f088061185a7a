// SPDX-License-Identifier: Apache-2.0
// A Chest CAD SR (TID 4100) of the study: whether every image was processed, and the findings that
// its context groups have codes for, nodule and pneumothorax. Findings without a code (pneumonia,
// tuberculosis) are not in it, and its summary does not count them.
#pragma once

#include "dicom_sr/report/measurement_report.h"

namespace bucky::dicom_sr {

/// Whether CID 6101 and 6102 have codes for this finding.
bool is_chest_cad_finding(const inference::Finding& finding);

/// in   what was found in one study
/// out  a Chest CAD SR. Same images and models, same UIDs
/// err  as measurement_report
/// src  PS3.16 TID 4100 to 4108, 4015 to 4020; PS3.17 F.3; PS3.3 A.35.6
Object chest_cad(const StudyReport& report);

}  // namespace bucky::dicom_sr
