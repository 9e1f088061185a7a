// SPDX-License-Identifier: Apache-2.0
// Views: which VOI LUT or window an image is seen by. A header may hold several, and some leave
// nothing to see: the default window of a 16-bit device over values of 12 bits is one flat grey.
//
// Every view is measured by the picture that it makes. The first one of the header that gives a
// picture is used; else percentiles of the values. docs/decisions/0404 has the limits and what they
// were measured on. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "inference/pixels/image.h"

namespace bucky::inference {

/// One VOI LUT or window of a header.
struct View {
    std::optional<LookupTable> table;  ///< else the window
    Window window = {};
    std::string words;            ///< "window 2048/4096 from the header"
    bool is_cut = false;          ///< the table has fewer entries than its descriptor says
    bool for_other_bits = false;  ///< the values have another number of bits than the header says
};

/// Sets the view of `image`, how it uses the scale, and the words about both.
///   in   a decoded image with all rules but the view; the views of its header, in their order
///   out  image.grey.voi_lut or image.grey.window, view, replaced; image.use
///   err  none
///   src  PS3.3 C.11.2.1: each VOI LUT and each window is an alternative, and any may be applied.
///        The picture is measured on about 25,000 pixels without padding and hidden ones; its
///        middle is 60 % of its rows and columns
void choose_view(Image& image, std::vector<View> views);

/// Why nobody could read a picture that uses the scale so; nullopt when it can be read.
std::optional<std::string> unreadable(const ScaleUse& use);

/// "fills 83 % of the grey scale; of its middle 0 % are black, 1 % white; entropy 7.2 bits"
std::string words_for(const ScaleUse& use);

}  // namespace bucky::inference
