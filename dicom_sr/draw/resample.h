// SPDX-License-Identifier: Apache-2.0
// Resizes a grey picture: area average to shrink, bilinear interpolation to enlarge.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "dicom_sr/draw/picture.h"

namespace bucky::dicom_sr {

/// A picture whose rows are made as they are needed, each once, from the first on.
struct GreyRows {
    Size size;
    std::function<void(std::uint32_t row, std::uint8_t* levels)> make;
};

/// in   rows x columns of 8 bits
/// out  new_rows x new_columns, row-major. A picture of one value keeps that value exactly
/// err  bug when a side is 0 or the pixels of a view are fewer than its size
std::vector<std::uint8_t> resampled(const GreyRows& picture, std::uint32_t new_rows,
                                    std::uint32_t new_columns);
std::vector<std::uint8_t> resampled(const GreyView& view, std::uint32_t new_rows,
                                    std::uint32_t new_columns);

}  // namespace bucky::dicom_sr
