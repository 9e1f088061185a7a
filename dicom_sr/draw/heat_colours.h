// SPDX-License-Identifier: Apache-2.0
// The colours of heat: from violet over red to light yellow, brighter with every step and so told
// apart by the colour-blind and on a grey print too; clear where there is no heat.
#pragma once

#include <vector>

#include "dicom_sr/draw/canvas.h"
#include "inference/findings.h"

namespace bucky::dicom_sr {

/// in   0..1
/// out  its colour, from fully clear below 0.1 to 0.4 opaque from 0.5 on
Colour heat_colour(double value);

/// The strongest heat of any finding that is present, cell by cell; rows 0 when there is none.
inference::Heat strongest_heat(const inference::ImageResult& result);

std::vector<Colour> heat_colours(const inference::Heat& heat);

}  // namespace bucky::dicom_sr
