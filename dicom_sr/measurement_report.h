// SPDX-License-Identifier: Apache-2.0
// The study's report: one Comprehensive 3D SR, TID 1500 "Measurement Report" (PS3.16), the way IHE
// AI Results asks for it. Every image of the study appears: analysed, or not and why. For who does
// not take that class, the same tree as Comprehensive or Enhanced SR, or sentences as Basic Text
// SR.
//
// Located findings are TID 1410 groups with one outline each; the whole-image answers stand in
// "Qualitative Evaluations" beside them, because one group without an SCOORD turns OHIF black.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conf/base/fallbacks.h"
#include "dicom_sr/object.h"

namespace bucky::dicom_sr {

/// Another result that shows what the model saw in one image of the report: a picture, segments.
struct Explanation {
    Uid image;  ///< SOP Instance UID of the image it explains
    Uid sop_class, sop_instance, series;
};

/// What this node reported of an earlier study of the same patient.
struct Prior {
    Uid study, series, sop_class, sop_instance;
    std::string study_date;  ///< DA
    std::string words;       ///< its series description
};

struct StudyReport {
    Uid sop_class{kReportClasses.front()};  ///< one of kReportClasses
    std::vector<ReportedImage> images;      ///< all of one study and patient, 1 to kReportImagesMax
    std::string language = "en";            ///< "en" or "ko": names of findings for people
    std::optional<Uid> predecessor;         ///< the document that this one supersedes
    std::vector<Prior> priors = {};         ///< newest first
    std::int64_t content_at_ms = 0;         ///< when the analysis started (UTC)
    std::string node_name = "Bucky";        ///< device observer, station name
    std::string software_version;
    std::vector<Explanation> explanations;  ///< of the same study; referenced at each finding
};

/// in   what was found in one study
/// out  an SR of the class asked for, Explicit VR Little Endian, UTF-8; its UIDs depend on the
///      study, the images, the models, the class and the rendering only
/// err  corrupt when the images are of more than one study or patient; bug when there are none
/// src  PS3.16 TID 1500, 1410, 1600, 4019; PS3.3 A.35.13, A.35.3, A.35.2, A.35.1
Object measurement_report(const StudyReport& report);

/// The UID that measurement_report gives: known before it is made.
Uid report_uid(const std::vector<ReportedImage>& images,
               const Uid& sop_class = Uid{kReportClasses.front()});

}  // namespace bucky::dicom_sr
