// SPDX-License-Identifier: Apache-2.0
// Conversion between a dataset and the bytes of a Part 10 file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

class DcmDataset;
class DcmFileFormat;

namespace bucky::dicom_sr {

/// in   a dataset with SOP Class and SOP Instance UID
/// out  preamble, File Meta Information and dataset, Explicit VR Little Endian
/// src  PS3.10 7.1
std::vector<std::uint8_t> to_part10(std::unique_ptr<DcmDataset> dataset);

/// The same with native Pixel Data of 8 bits, which has to be the last element. Pixels are written
/// once; through a dataset they would be copied twice.
std::vector<std::uint8_t> to_part10(std::unique_ptr<DcmDataset> dataset,
                                    std::span<const std::uint8_t> pixels);

/// Throws bad_input when the bytes are no Part 10 file.
std::unique_ptr<DcmFileFormat> from_part10(std::span<const std::uint8_t> bytes);

/// The bytes before the native Pixel Data at the end of a file, and how many bytes it has. A file
/// that does not end in native Pixel Data: all bytes, and 0.
struct Parts {
    std::span<const std::uint8_t> header;
    std::size_t pixel_bytes = 0;
};
Parts split_at_pixels(std::span<const std::uint8_t> bytes);

}  // namespace bucky::dicom_sr
