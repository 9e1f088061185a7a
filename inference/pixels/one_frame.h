// SPDX-License-Identifier: Apache-2.0
// OneFrame: a compressed frame as a data set of its own, in one fragment, for DCMTK's codecs. They
// look for its header in the first fragment only, and require the Bits Allocated of the stream.
// Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "inference/pixels/pixel_layout.h"

class DcmDataset;
class DcmPixelData;

namespace bucky::inference {

class OneFrame {
public:
    /// Copies `frame`, whose samples DCMTK gives in `allocated` bits.
    OneFrame(const PixelLayout& layout, unsigned allocated, std::string_view transfer_syntax,
             std::span<const std::uint8_t> frame);
    ~OneFrame();
    OneFrame(const OneFrame&) = delete;
    OneFrame& operator=(const OneFrame&) = delete;

    DcmDataset& dataset() { return *dataset_; }
    DcmPixelData& pixels() { return *pixels_; }

private:
    std::unique_ptr<DcmDataset> dataset_;
    DcmPixelData* pixels_ = nullptr;  ///< of the data set
};

}  // namespace bucky::inference
