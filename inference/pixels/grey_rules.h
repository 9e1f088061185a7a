// SPDX-License-Identifier: Apache-2.0
// The grey rules of a dataset: Modality LUT, VOI LUTs and windows, polarity, padding.
#pragma once

#include <vector>

#include "inference/pixels/image.h"
#include "inference/pixels/view.h"

class DcmItem;

namespace bucky::inference {

struct HeaderGrey {
    GreyRules rules;          ///< without a view
    std::vector<View> views;  ///< VOI LUTs, then windows
};

/// in   a dataset; its first frame
/// out  its rules; a VOI LUT or window that contradicts the standard is left out
/// err  bad_input when the Modality LUT or rescale is present and cannot be used: without it the
///      values have no meaning
/// src  PS3.3 C.11.1 Modality LUT, C.11.2 VOI LUT, C.11.6 Softcopy Presentation LUT, C.7.5.1.1.2
HeaderGrey read_grey_rules(DcmItem& dataset, const Frame& frame);

/// The height of a pixel over its width: from Pixel Spacing, Imager Pixel Spacing, Nominal Scanned
/// Pixel Spacing or Pixel Aspect Ratio, the first of them with two positive numbers; else 1. A
/// ratio beyond 1:10 is an error of the sender and is ignored.
///   src  PS3.3 C.7.6.3.1.7, 10.7.1.3
double read_pixel_ratio(DcmItem& dataset);

}  // namespace bucky::inference
