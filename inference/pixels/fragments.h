// SPDX-License-Identifier: Apache-2.0
// Fragments: the pieces in which encapsulated pixel data comes, and which of them are frame 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

class DcmDataset;
class DcmPixelData;

namespace bucky::inference {

/// Items that one frame may be cut into: DCMTK walks its list anew for each.
inline constexpr unsigned long kFragmentsMax = 4096;

/// The bytes of one compressed frame, where DCMTK holds them: they live as long as the dataset.
struct Fragments {
    std::vector<std::span<const std::uint8_t>> parts;  ///< never empty, nor is the first

    std::size_t bytes() const;
    std::span<const std::uint8_t> joined(std::vector<std::uint8_t>& room) const;  ///< copies if cut
};

/// in   a dataset, its encapsulated pixel data, Number of Frames
/// out  the fragments of frame 1: all of a single frame; one each when there are as many as frames;
///      else up to where the Basic Offset Table says that frame 2 begins; without a table up to the
///      fragment that ends with an end-of-image marker
/// err  bad_input when there is no compressed frame, or it is cut into more than kFragmentsMax
/// src  PS3.5 A.4
Fragments first_frame(DcmDataset& dataset, DcmPixelData& pixels, std::uint32_t frames);

}  // namespace bucky::inference
