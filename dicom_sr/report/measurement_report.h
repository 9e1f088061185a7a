// SPDX-License-Identifier: Apache-2.0
// The report of a study: one Comprehensive 3D SR, TID 1500 "Measurement Report" (PS3.16), as IHE AI
// Results specifies. It lists every image of the study, also those that were not analysed, with the
// reason. An archive that does not accept this class gets the same tree as Comprehensive or
// Enhanced SR, or sentences as Basic Text SR.
//
// Each located finding is a TID 1410 group with one outline. Answers for a whole image stand in
// "Qualitative Evaluations": one group without an SCOORD makes OHIF show a black picture.
#pragma once

#include "dicom_sr/common/study_report.h"

namespace bucky::dicom_sr {

/// in   what was found in one study
/// out  an SR of the class asked for, Explicit VR Little Endian, UTF-8; its UIDs depend on the
///      study, the images, the models, the class and the rendering only
/// err  corrupt when the images are of more than one study or patient; bug when there are none
/// src  PS3.16 TID 1500, 1410, 1600, 4019; PS3.3 A.35.13, A.35.3, A.35.2, A.35.1
Object measurement_report(const StudyReport& report);

/// in   a report whose image turned out to be another patient's
/// out  an SR that supersedes it: of its class, under its identity. It says that the report was
///      filed under a wrong identity, and withdraws the findings. It names no image
Object withdrawal(const Withdrawn& report);
Uid withdrawal_uid(const Uid& report);

}  // namespace bucky::dicom_sr
