// SPDX-License-Identifier: Apache-2.0
// The UIDs of results. They are derived from their input, never random: a retry of a job makes the
// same object again and never a second result.
//
// Every object has a series of its own, for its series is titled with what it says: archives keep
// the title of the first object of a series (docs/decisions/0507). A version that forms objects or
// their series in another way changes kForm in identity.cpp, so that no SOP Instance UID stands in
// two series.
#pragma once

#include <string_view>
#include <vector>

#include "conf/base/ids.h"
#include "dicom_sr/common/answers.h"
#include "dicom_sr/common/study_report.h"

namespace bucky::dicom_sr {

/// The UID of a report of these images in this class; known before the report is made.
Uid report_uid(const std::vector<ReportedImage>& images,
               const Uid& sop_class = Uid{kReportClasses.front()}, std::string_view beside = {});

/// One object of a kind for each image and the models that were asked, in whatever order. The kind
/// is the Object's: "overlay", "presentation", ...
Uid object_uid(std::string_view kind, const Answers& answers);

/// For an object made once a study: one for the same images and models.
Uid study_object_uid(std::string_view kind, const std::vector<ReportedImage>& images);

/// The series in which this object stands alone.
Uid series_uid_of(const Uid& object);

/// Dimension Organization UID of a multi-frame object.
Uid frames_uid(const Uid& object);

/// One per lesion: the same in every version of the report. `region` is "1", "2", ... in the order
/// of the finding's regions, or "image" for the whole image.
Uid tracking_uid(const ReportedImage& image, std::string_view finding_key, std::string_view region);

/// The algorithm as a device: other weights are another device (IHE AIR 6.5.3.1).
Uid algorithm_uid(const inference::ModelIdentity& model);

/// The node as the observer of TID 1004.
Uid observer_uid(std::string_view node_name);

}  // namespace bucky::dicom_sr
