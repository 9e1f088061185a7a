// SPDX-License-Identifier: Apache-2.0
// Fragments: the items of encapsulated pixel data, and those that belong to frame 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

class DcmDataset;
class DcmPixelData;

namespace bucky::inference {

/// Items that one frame may have: DCMTK walks its list from the start for each.
inline constexpr unsigned long kFragmentsMax = 4096;

/// The bytes of one compressed frame in DCMTK's memory; valid as long as the dataset.
struct Fragments {
    std::vector<std::span<const std::uint8_t>> parts;  ///< never empty; nor is the first

    std::size_t bytes() const;
    std::span<const std::uint8_t> joined(std::vector<std::uint8_t>& room) const;  ///< copies if cut
};

/// in   a dataset, its encapsulated pixel data, Number of Frames
/// out  the fragments of frame 1: all of them if there is one frame; one each if there are as many
///      as frames; else those before frame 2 in the Basic or Extended Offset Table; without a table
///      those up to the first that ends with an end-of-image marker
/// err  bad_input when there is no compressed frame, or it is cut into more than kFragmentsMax
/// src  PS3.5 A.4; PS3.3 C.7.6.3.1.8
Fragments first_frame(DcmDataset& dataset, DcmPixelData& pixels, std::uint32_t frames);

}  // namespace bucky::inference
