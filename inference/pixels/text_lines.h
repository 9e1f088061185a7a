// SPDX-License-Identifier: Apache-2.0
// Where a grey picture looks like lines of text, in any script: runs of fine strokes of one grey
// that differ from what is around them. Strokes that stand out are joined along the line; each run
// is measured, and a linear score says how much it looks like text.
//
// The weights of the score were fitted to names that were planted in real radiographs, against
// everything else in them (docs/decisions/0921). Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "inference/pixels/pix.h"

namespace bucky::inference {

inline constexpr std::size_t kLineMeasures = 12;

/// What may be a line of text.
struct TextLine {
    PixelBox at;             ///< in its view
    bool is_turned = false;  ///< the view is the picture turned clockwise by 90 degrees
    bool is_dark = false;    ///< strokes are darker than what is around them
    int pieces = 0;          ///< connected strokes
    std::array<double, kLineMeasures> measures{};
    double score = 0;  ///< the higher, the more it looks like text; most else is below 0
};

/// One size of the picture, and the same turned.
struct View {
    PixPtr upright, turned;  ///< 8 bits a pixel
    double scale = 1;        ///< pixels of the picture for one of the view

    Pix* of(const TextLine& line) const { return (line.is_turned ? turned : upright).get(); }

    /// Where a line is in the picture.
    PixelBox in_picture(const TextLine& line) const;
};

/// The sizes at which a picture is searched: letters of any height are 7 to 34 pixels high in one
/// of them.
///   in   8 bits a pixel, at most kSearchedSideMax a side
std::vector<View> views_of(PixPtr picture);

/// Above it, a picture is halved before the search: its finest letters cannot be read in what is
/// sent.
inline constexpr int kSearchedSideMax = 3200;

/// Everything in the view that may be a line: letters 7 to 34 pixels high.
std::vector<TextLine> lines_in(const View& view);

}  // namespace bucky::inference
