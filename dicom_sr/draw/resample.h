// SPDX-License-Identifier: Apache-2.0
// A grey picture at another size: area averages when it shrinks, bilinear when it grows.
#pragma once

#include <cstdint>
#include <vector>

#include "dicom_sr/draw/picture.h"

namespace bucky::dicom_sr {

/// in   rows x columns of 8 bits
/// out  new_rows x new_columns, row-major; a flat picture stays exactly as it is
/// err  bug when a side is 0 or the pixels are fewer than rows * columns
std::vector<std::uint8_t> resampled(const GreyView& view, std::uint32_t new_rows,
                                    std::uint32_t new_columns);

}  // namespace bucky::dicom_sr
