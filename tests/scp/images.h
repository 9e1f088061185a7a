// SPDX-License-Identifier: Apache-2.0
// Small DICOM files that tests create.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace bucky::test {

inline constexpr auto kCr = "1.2.840.10008.5.1.4.1.1.1";
inline constexpr auto kComprehensive3dSr = "1.2.840.10008.5.1.4.1.1.88.34";

struct ImageOf {
    std::string sop_class = kCr;
    std::string sop_instance = "1.2.826.0.1.3680043.9.1.1";
    std::string study = "1.2.826.0.1.3680043.9.1";
    std::string series = "1.2.826.0.1.3680043.9.1.0";
    std::string accession_number = "A123";
    std::string transfer_syntax = "1.2.840.10008.1.2.1";  ///< a native one, not RLE
    std::uint16_t side = 16;
};

/// A Part 10 file with a square 8-bit image; an empty identifier is omitted.
std::filesystem::path write_image(const std::filesystem::path& file, const ImageOf& image = {});

/// The bytes after the preamble and the file meta information.
std::vector<std::uint8_t> dataset_bytes(const std::filesystem::path& file);

void write_bytes(const std::filesystem::path& file, const std::vector<std::uint8_t>& bytes);

/// (0008,1140) in (0008,1140) in ..., `depth` times, undefined lengths, implicit VR little endian.
std::vector<std::uint8_t> nested_sequences(std::size_t depth);

}  // namespace bucky::test
