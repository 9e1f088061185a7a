// SPDX-License-Identifier: Apache-2.0
// The colours of heat: violet, which no outline has; where several packages have heat, each has a
// hue. Lightness rises with heat, so that
// colour-blind readers and grey prints show the steps. Without heat the colour is transparent.
#pragma once

#include <cstddef>
#include <vector>

#include "dicom_sr/draw/canvas.h"
#include "inference/findings.h"

namespace bucky::dicom_sr {

inline constexpr double kHeatFrom = 0.5;
inline constexpr double kHeatOpacity = 0.25;  ///< the image below stays visible

/// in   0..1; which package with heat, from 0
/// out  its colour: transparent below kHeatFrom, at most kHeatOpacity opaque
Colour heat_colour(double value, std::size_t package = 0);

/// Cell by cell the highest heat of the findings that are present; rows is 0 when there is none.
inference::Heat strongest_heat(const inference::ImageResult& result);

std::vector<Colour> heat_colours(const inference::Heat& heat, std::size_t package = 0);

}  // namespace bucky::dicom_sr
