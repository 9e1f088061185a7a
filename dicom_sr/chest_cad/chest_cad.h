// SPDX-License-Identifier: Apache-2.0
// The study for readers that speak Chest CAD SR (TID 4100): whether every image was processed, and
// the findings that its context groups have words for: nodule and pneumothorax. What they have no
// word for (pneumonia, tuberculosis) is not in it, and its summary counts only what is.
#pragma once

#include "dicom_sr/report/measurement_report.h"

namespace bucky::dicom_sr {

/// Whether CID 6101 and 6102 can say this finding.
bool is_chest_cad_finding(const inference::Finding& finding);

/// in   what was found in one study
/// out  a Chest CAD SR (1.2.840.10008.5.1.4.1.1.88.65); same images and models, same UIDs
/// err  as measurement_report
/// src  PS3.16 TID 4100 to 4108, 4015 to 4020; PS3.17 F.3; PS3.3 A.35.6
Object chest_cad(const StudyReport& report);

}  // namespace bucky::dicom_sr
