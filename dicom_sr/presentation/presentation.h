// SPDX-License-Identifier: Apache-2.0
// A Grayscale Softcopy Presentation State: outlines and names over the original image, in layers
// that a viewer switches on and off. It copies no pixels, and shows the image with the same grey
// levels as the picture.
#pragma once

#include <string>

#include "conf/base/choices.h"
#include "dicom_sr/common/answers.h"
#include "dicom_sr/common/object.h"
#include "dicom_sr/common/softcopy.h"

namespace bucky::dicom_sr {

struct PresentationStyle {
    Language language = Language::english;
    std::string software_version;
};

/// in   the answers to an image that was analysed, and how it becomes grey
/// out  a Grayscale Softcopy Presentation State: one layer a finding of a package, each outline a
/// closed
///      POLYLINE with its name beside it, and a layer "BUCKY" that names the verdict, the models,
///      and that it is not a reading. Same image and models, same UIDs
/// err  bug when the image was not analysed or has no size
/// src  PS3.3 A.33.1, C.11.10, C.10.4, C.10.5, C.10.7, C.11.1, C.11.8, C.11.6
Object presentation_state(const Answers& image, const Softcopy& grey,
                          const PresentationStyle& style);

}  // namespace bucky::dicom_sr
