// SPDX-License-Identifier: Apache-2.0
// The palette of pictures: a film has greys, and what is drawn on it has few colours, so that one
// byte a pixel is enough (docs/decisions/0514).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dicom_sr/draw/canvas.h"
#include "dicom_sr/draw/picture.h"

namespace bucky::dicom_sr {

inline constexpr std::size_t kPaletteSize = 256;

/// The colours that are drawn on black, each in shades for the edges of letters and lines.
std::span<const Colour> drawn_colours();

/// Red, green, blue of each entry: greys, then shades of drawn_colours().
const std::array<std::array<std::uint8_t, 3>, kPaletteSize>& palette();

/// in   a drawing
/// out  for each pixel the entry of palette() that is nearest; of a grey at most one level off
std::vector<std::uint8_t> indexed(const Drawing& drawing);

}  // namespace bucky::dicom_sr
