// SPDX-License-Identifier: Apache-2.0
// RLE Lossless, written: DCMTK's encoder takes the picture of a film ten times as long as drawing
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bucky::dicom_sr {

/// The one fragment of a frame.
///   in   samples of 8 bits, those of a pixel side by side (Planar Configuration 0); a whole number
///        of rows of `columns` pixels
///   out  the header and a segment for each sample, each row packed by itself; even length
///   err  bug when there are no pixels, no whole rows, or more than 15 samples
///   src  PS3.5 G.2 to G.5
std::vector<std::uint8_t> rle_frame(std::span<const std::uint8_t> pixels, std::size_t columns,
                                    std::size_t samples);

}  // namespace bucky::dicom_sr
