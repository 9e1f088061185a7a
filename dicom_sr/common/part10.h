// SPDX-License-Identifier: Apache-2.0
// Conversion between a dataset and the bytes of a Part 10 file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

class DcmDataset;
class DcmFileFormat;

namespace bucky::dicom_sr {

/// in   a dataset with SOP Class and SOP Instance UID
/// out  preamble, File Meta Information and dataset, Explicit VR Little Endian; of a dataset that
///      was read with compressed pixels, in its own syntax
/// src  PS3.10 7.1
std::vector<std::uint8_t> to_part10(std::unique_ptr<DcmDataset> dataset);

/// The same with Pixel Data of 8 bits, which the dataset describes, in RLE Lossless (PS3.5 8.2.2).
std::vector<std::uint8_t> to_part10(std::unique_ptr<DcmDataset> dataset,
                                    std::span<const std::uint8_t> pixels);

/// Throws bad_input when the bytes are no Part 10 file.
std::unique_ptr<DcmFileFormat> from_part10(std::span<const std::uint8_t> bytes);

/// How many bytes of pixels the one frame of an object in RLE Lossless has. 0: there is none.
/// DCMTK's decoder fills up what is missing.
/// src  PS3.5 G.3, G.5
std::size_t rle_pixel_bytes(DcmDataset& dataset);

}  // namespace bucky::dicom_sr
