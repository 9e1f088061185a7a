// SPDX-License-Identifier: Apache-2.0
// The header of a DICOM file (PS3.10 7.1). It is written before a received dataset and read before
// a file is sent, so that the dataset itself is transferred byte for byte.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace bucky::scp {

struct Part10Header {
    std::string sop_class, sop_instance, transfer_syntax;
    std::uint64_t dataset_at = 0;  ///< offset of the dataset in the file
    std::uint64_t file_bytes = 0;
};

/// Preamble, "DICM" and file meta information.
std::vector<std::uint8_t> write_part10_header(const std::string& sop_class,
                                              const std::string& sop_instance,
                                              const std::string& transfer_syntax,
                                              const std::string& source_ae);

/// Throws unavailable when the file cannot be opened, bad_input when it is no DICOM file.
Part10Header read_part10_header(const std::filesystem::path& file);

}  // namespace bucky::scp
