// SPDX-License-Identifier: Apache-2.0
// A drawing as a DICOM image. The picture of one image, the notice and the summary share this step.
#pragma once

#include <span>
#include <string>

#include "dicom_sr/common/object.h"
#include "dicom_sr/draw/picture.h"

namespace bucky::dicom_sr {

/// The description of a picture: what is drawn, and which images it shows.
struct Capture {
    Object object;  ///< without its bytes yet
    std::string instance_number;
    const char* derivation;
    std::span<const ReportedImage> images;  ///< of one study, at least one
};

/// in   what is described, and the drawing of it
/// out  Secondary Capture Image, PALETTE COLOR, with heat RGB; or, where the object's class asks
///      for it, the same in grey as a derived CR image. RLE Lossless
/// err  bug when the drawing's bytes are not its rows and columns
/// src  PS3.3 A.8.1, C.8.6; A.2, C.8.1; C.7.6.3.1.5 and 6
Object captured(Capture page, const Drawing& drawing, const OverlayStyle& style);

}  // namespace bucky::dicom_sr
