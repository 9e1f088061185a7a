// SPDX-License-Identifier: Apache-2.0
// StudyReport: the input of a document of one study, whatever its template and class.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "conf/base/choices.h"
#include "conf/dicom/result_kinds.h"
#include "dicom_sr/common/object.h"

namespace bucky::dicom_sr {

/// Another result that explains the findings of one image: a picture, segments.
struct Explanation {
    Uid image;  ///< SOP Instance UID of the image it explains
    Uid sop_class, sop_instance, series;
};

/// The last version of a document. Its series is the one in which it was sent: an older version of
/// the program derived it in another way.
struct Predecessor {
    Uid sop_instance, series;
};

/// A report of an earlier study of the same patient by this node.
struct Prior {
    Uid study, series, sop_class, sop_instance;
    std::string study_date;  ///< DA
    std::string words;       ///< its series description
};

/// Images that a report counts without listing them.
struct Unlisted {
    std::string reason;  ///< why they were not analysed
    std::size_t images = 0;
};

struct StudyReport {
    Uid sop_class{kReportClasses.front()};  ///< one of kReportClasses
    std::vector<ReportedImage> images;      ///< all of one study and patient, 1 to kReportImagesMax
    Language language = Language::english;  ///< names of findings for people
    std::optional<Predecessor> predecessor;  ///< the document that this one supersedes
    std::vector<Prior> priors = {};          ///< newest first
    std::int64_t content_at_ms = 0;          ///< when the analysis started (UTC)
    std::string node_name = "Bucky";         ///< device observer, station name
    std::string software_version;
    std::vector<Explanation> explanations;  ///< of the same study; referenced at each finding
    std::int64_t revision = 0;              ///< how often an image of the study was replaced
    bool has_other_patients = false;        ///< the study also holds images of other patients
    std::size_t listed_elsewhere = 0;       ///< images that other reports of the study list
    std::vector<Unlisted> unlisted = {};    ///< images that no report of the study lists
};

/// A report that was filed under a wrong identity and is to be superseded there.
struct Withdrawn {
    Source filed_as;  ///< the report itself: under whom it stands, its study, series and UIDs
    Language language = Language::english;
    std::string node_name = "Bucky";
    std::string software_version;
    std::int64_t content_at_ms = 0;  ///< when that became known (UTC)
};

}  // namespace bucky::dicom_sr
