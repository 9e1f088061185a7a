// SPDX-License-Identifier: Apache-2.0
// The study's report: one Comprehensive 3D SR, TID 1500 "Measurement Report" (PS3.16), the way IHE
// AI Results asks for it. Every image of the study appears: analysed, or not and why.
//
// Located findings are TID 1410 groups with one outline each; the whole-image answers stand in
// "Qualitative Evaluations" beside them, because one group without an SCOORD turns OHIF black.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dicom_sr/object.h"

namespace bucky::dicom_sr {

struct StudyReport {
    std::vector<ReportedImage> images;  ///< all of one study and patient, 1 to kReportImagesMax
    std::string language = "en";        ///< "en" or "ko": names of findings for people
    std::optional<Uid> predecessor;     ///< the report that this one supersedes (same study)
    std::int64_t content_at_ms = 0;     ///< when the analysis started (UTC)
    std::string node_name = "Bucky";    ///< device observer, station name
    std::string software_version;
};

/// in   what was found in one study
/// out  a Comprehensive 3D SR (1.2.840.10008.5.1.4.1.1.88.34), Explicit VR Little Endian, UTF-8;
///      its UIDs depend on the study, the images and the models only
/// err  corrupt when the images are of more than one study or patient; bug when there are none
/// src  PS3.16 TID 1500, 1410, 1600, 4019; PS3.3 A.35.13
Object measurement_report(const StudyReport& report);

/// The UID that measurement_report gives: known before it is made.
Uid report_uid(const std::vector<ReportedImage>& images);

}  // namespace bucky::dicom_sr
