// SPDX-License-Identifier: Apache-2.0
// The image as a viewer would show it: eight bits, black is 0 for every photometric interpretation.
// The overlay draws on it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "inference/pixels/decoder.h"
#include "inference/pixels/image.h"

namespace bucky::inference {

struct GreyPicture {
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    std::vector<std::uint8_t> pixels;  ///< row-major, rows * columns
    GreyRules rules;                   ///< the rules that were applied; a window is always set
    double pixel_ratio = 1;            ///< as Image::pixel_ratio
};

/// The picture of a decoded image, row by row, by the view in its grey rules. The image outlives
/// it.
class Rendering {
public:
    explicit Rendering(const Image& image);
    const GreyRules& rules() const { return rules_; }  ///< as GreyPicture::rules
    /// in   a row of the image; room for its columns
    void row(std::uint32_t row, std::uint8_t* levels) const;

private:
    const Image& image_;
    GreyRules rules_;
    std::vector<std::uint8_t> levels_;  ///< of each bit pattern
};

/// The same, whole.
GreyPicture render(const Image& image);

/// in   a Part 10 file whose image decode() accepts
/// out  full size, after Modality LUT, VOI LUT or window, and presentation polarity
/// err  as decode(): bad_input, unsupported, exhausted
/// src  PS3.4 N.2, PS3.3 C.11.1, C.11.2, C.11.6
GreyPicture render_for_display(const std::filesystem::path& file, Decoder& decoder = in_process());

}  // namespace bucky::inference
