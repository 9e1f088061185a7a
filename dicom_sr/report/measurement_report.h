// SPDX-License-Identifier: Apache-2.0
// The study's report: one Comprehensive 3D SR, TID 1500 "Measurement Report" (PS3.16), the way IHE
// AI Results asks for it. Every image of the study appears: analysed, or not and why. For who does
// not take that class, the same tree as Comprehensive or Enhanced SR, or sentences as Basic Text
// SR.
//
// Located findings are TID 1410 groups with one outline each; the whole-image answers stand in
// "Qualitative Evaluations" beside them, because one group without an SCOORD turns OHIF black.
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
/// out  what supersedes it: an SR of its class, in its series, under its identity, which says that
///      it was filed under a wrong identity and takes its findings back. It names no image
Object withdrawal(const Withdrawn& report);
Uid withdrawal_uid(const Uid& report);

}  // namespace bucky::dicom_sr
