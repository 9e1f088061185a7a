// SPDX-License-Identifier: Apache-2.0
// Grey: the grey value of each stored bit pattern. The whole pipeline depends on the stored value
// alone, so it is a table of at most 65536 numbers, and a pixel costs one look-up.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "inference/pixels/image.h"

namespace bucky::inference {

struct GreyTable {
    std::vector<float> values;  ///< by bit pattern
    std::string window;         ///< for people: "window 2048/4096 from the header"
};

/// The modality value of one stored value, and the grey of a modality value, 0..1.
///   src  PS3.3 C.11.1.1 (Modality LUT), C.11.2.1.1 (VOI LUT), C.11.2.1.2, C.11.2.1.3 (windows)
float modality_value(const GreyRules& rules, int stored);
double shown_by(const LookupTable& table, double value);
double shown_by(const Window& window, double value);

/// The modality values between two percentiles of the frame, as an exact linear window.
///   in   a frame, its rules, the pixels under a shutter; the part of the pixels that is left out
///        at each end. Pixel Padding and hidden pixels do not count
Window percentile_window(const Frame& frame, const GreyRules& rules,
                         std::span<const std::uint8_t> hidden, double tail);

/// "window 1000/2000 over percentiles 0.5 to 99.5"
std::string percentile_words(const Window& window, double tail);

/// Stored values to modality units, in full depth.
///   in   a frame and its rules
///   out  one value for each bit pattern: the entry of the Modality LUT, or stored * slope +
///        intercept
///   err  none
///   src  PS3.3 C.11.1.1.1, C.11.1.1.2
GreyTable modality_values(const Frame& frame, const GreyRules& rules);

/// The rules, with a window if they have neither VOI LUT nor window: from the 0.5th to the 99.5th
/// percentile. display_values() uses it; a decoded image has a view (view.h).
GreyRules with_window(const Frame& frame, const GreyRules& rules,
                      std::span<const std::uint8_t> hidden = {});

/// Stored values to display values, in full depth: 0 is black, 1 is white, dense is bright.
///   in   a frame and its rules; the pixels under a shutter, if there is one. Without VOI LUT and
///        window, the window reaches from the 0.5th to the 99.5th percentile of the frame's
///        modality values, without Pixel Padding and hidden pixels
///   out  one value for each bit pattern, 0..1: Modality LUT, then VOI LUT or window, then
///        polarity. Pixel Padding is black in either polarity, because it is no part of the image
///        (unless the whole frame is padding)
///   err  none
///   src  PS3.4 N.2 (the order); PS3.3 C.11.1 (Modality LUT), C.11.2.1.2 (LINEAR), C.11.2.1.3.1
///        (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT), C.11.2.1.1 (VOI LUT), C.11.6.1.2 (shape),
///        C.7.5.1.1.2 (padding)
GreyTable display_values(const Frame& frame, const GreyRules& rules,
                         std::span<const std::uint8_t> hidden = {});

}  // namespace bucky::inference
