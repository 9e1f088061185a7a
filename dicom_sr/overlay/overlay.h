// SPDX-License-Identifier: Apache-2.0
// The picture: a Secondary Capture of one analysed image, with outlines, names and scores
// burned in: those of all packages that answered, each named. It is the one result that every
// viewer shows.
#pragma once

#include "dicom_sr/common/answers.h"
#include "dicom_sr/common/object.h"
#include "dicom_sr/draw/picture.h"

namespace bucky::dicom_sr {

Drawing draw_overlay(const Answers& image, const GreyView& view, const OverlayStyle& style);

/// in   a drawing of `image`
/// out  as captured() makes it. Same image, models, class and rendering, same UIDs
/// src  PS3.3 A.8.1, C.8.6; A.2, C.8.1
Object secondary_capture(const Answers& image, const Drawing& drawing, const OverlayStyle& style);

}  // namespace bucky::dicom_sr
