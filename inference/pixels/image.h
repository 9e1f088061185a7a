// SPDX-License-Identifier: Apache-2.0
// Image: one decoded frame and the rules that turn its stored values into grey.
//
// A frame keeps bit patterns, not numbers. There are at most 65536 of them, so the grey pipeline is
// computed once for each pattern (grey.h) and never for each pixel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bucky::inference {

/// Stored values of one frame, one sample a pixel.
struct Frame {
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    std::uint16_t bits_stored = 0;  ///< 1 to 16
    bool is_signed = false;         ///< Pixel Representation
    std::vector<std::uint16_t>
        patterns;  ///< row-major; bits_stored bits, right-aligned, no overlay

    std::size_t pattern_count() const { return std::size_t{1} << bits_stored; }

    /// The number of a pattern: two's complement if signed (PS3.5 8.1.1).
    int value(std::size_t pattern) const {
        const auto number = static_cast<int>(pattern);
        const int sign = 1 << (bits_stored - 1);
        return is_signed && (number & sign) != 0 ? number - 2 * sign : number;
    }
};

/// A Modality or VOI LUT (PS3.3 C.11.1.1.1, C.11.2.1.1). Inputs outside it take the nearest entry.
struct LookupTable {
    int first = 0;                       ///< the input of the first entry
    unsigned bits = 16;                  ///< entries are 0 to 2^bits - 1
    std::vector<std::uint16_t> entries;  ///< never empty
};

/// A window and its function, PS3.3 C.11.2.1.2 and C.11.2.1.3.
struct Window {
    enum class Function { linear, linear_exact, sigmoid };
    double center = 0;
    double width = 1;
    Function function = Function::linear;
};

/// Stored values that are no part of the image (PS3.3 C.7.5.1.1.2); both ends included.
struct Padding {
    int low = 0;
    int high = 0;
};

/// The grey rules of a dataset, in the order in which they apply (PS3.4 N.2).
struct GreyRules {
    std::optional<LookupTable> modality_lut;  ///< if set, slope and intercept are not used
    double slope = 1;
    double intercept = 0;
    std::optional<LookupTable> voi_lut;  ///< if set, the window is not used
    std::optional<Window> window;
    std::string view;      ///< for people: where the VOI LUT or window comes from
    std::string replaced;  ///< for people: why the header's first view is not used; empty if it is
    bool inverse = false;  ///< the smallest output is white
    std::optional<Padding> padding;

    bool is_padding(int stored) const {
        return padding && stored >= padding->low && stored <= padding->high;
    }
};

/// How a picture uses the grey scale: view.h says how it is measured.
struct ScaleUse {
    double share = 0;  ///< between the 5th and the 95th percentile of the pixels, 0..1 of the scale
    double reach = 0;  ///< between the 0.5th and the 99.5th
    double black = 0;  ///< part of the middle that is black
    double white = 0;  ///< part of the middle that is white
    double entropy = 0;  ///< of the middle, in bits of 256 levels
};

struct Image {
    Frame frame;
    GreyRules grey;
    ScaleUse use;              ///< by the view in `grey`
    std::string note;          ///< for people: where the values contradict the header; mostly empty
    std::uint32_t frames = 1;  ///< number in the file; `frame` is the first
    bool without_end = false;  ///< the compressed stream has every pixel, but no end marker
    double pixel_ratio = 1;    ///< height of a pixel over its width (PS3.3 C.7.6.3.1.7)
    std::vector<std::uint8_t> hidden;  ///< 1 under a display shutter; empty when there is none
    std::shared_ptr<const void> room;  ///< the decoder counts memory by it
};

}  // namespace bucky::inference
