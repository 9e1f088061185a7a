// SPDX-License-Identifier: Apache-2.0
// The identity of an object that is not a document, and the modules before those of its kind.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "conf/base/choices.h"
#include "dicom_sr/common/answers.h"
#include "dicom_sr/common/object.h"

class DcmItem;

namespace bucky::dicom_sr {

/// An object of one image, without its bytes. Same image, models, rendering and class, same UIDs.
Object object_beside(ResultKind kind, const Uid& sop_class, const Answers& image);
/// The same of a whole study.
Object object_of_study(ResultKind kind, const Uid& sop_class,
                       const std::vector<ReportedImage>& images);

struct Filing {
    std::string_view modality;
    Language language = Language::english;
    std::string_view software_version;
};

/// SOP Common, Patient, Study, General Series, General Equipment, and an item of Contributing
/// Equipment for each algorithm.
///   in   the object with its UIDs; the images that it is about, all of one study. The analysis of
///        the first one dates it
///   src  PS3.3 C.12.1, C.7.1.1, C.7.2.1, C.7.3.1, C.7.5.1
void write_filing(DcmItem& dataset, const Object& object, std::span<const ReportedImage> images,
                  const Filing& filing);

}  // namespace bucky::dicom_sr
