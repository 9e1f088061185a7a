// SPDX-License-Identifier: Apache-2.0
// Image: one decoded frame and the rules by which its stored values become grey.
//
// A frame keeps bit patterns, not numbers: there are at most 65536 of them, so every rule of the
// grey pipeline is worked out once for each pattern (grey.h) and never for each pixel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
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

    /// The number that a pattern stands for: two's complement when signed (PS3.5 8.1.1).
    int value(std::size_t pattern) const {
        const auto number = static_cast<int>(pattern);
        const int sign = 1 << (bits_stored - 1);
        return is_signed && (number & sign) != 0 ? number - 2 * sign : number;
    }
};

/// A Modality or VOI LUT (PS3.3 C.11.1.1.1, C.11.2.1.1): clamps at both ends.
struct LookupTable {
    int first = 0;                       ///< the input that is mapped to the first entry
    unsigned bits = 16;                  ///< entries are 0 to 2^bits - 1
    std::vector<std::uint16_t> entries;  ///< never empty
};

/// PS3.3 C.11.2.1.2 and C.11.2.1.3.
struct Window {
    enum class Function { linear, linear_exact, sigmoid };
    double center = 0;
    double width = 1;
    Function function = Function::linear;
};

/// Stored values that stand for "nothing here" (PS3.3 C.7.5.1.1.2), both ends included.
struct Padding {
    int low = 0;
    int high = 0;
};

/// What the dataset says about grey, in the order in which it applies (PS3.4 N.2).
struct GreyRules {
    std::optional<LookupTable> modality_lut;  ///< when there, slope and intercept are not used
    double slope = 1;
    double intercept = 0;
    std::optional<LookupTable> voi_lut;  ///< when there, the window is not used
    std::optional<Window> window;
    unsigned windows = 0;  ///< in the header; the first that can be used is `window`
    bool inverse = false;  ///< the smallest output is white
    std::optional<Padding> padding;

    bool is_padding(int stored) const {
        return padding && stored >= padding->low && stored <= padding->high;
    }
};

struct Image {
    Frame frame;
    GreyRules grey;
    std::uint32_t frames = 1;          ///< in the file; `frame` is the first
    double pixel_ratio = 1;            ///< height of a pixel over its width (PS3.3 C.7.6.3.1.7)
    std::vector<std::uint8_t> hidden;  ///< 1 under a display shutter; empty when there is none
    std::shared_ptr<const void> room;  ///< the memory's owner may count what is in use by this
};

}  // namespace bucky::inference
