// SPDX-License-Identifier: Apache-2.0
// The header of a DICOM file (PS3.10 7.1), read before a file is sent, so that the dataset itself
// is transferred byte for byte. What the node receives has its own (scp/receive/file_meta.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace bucky::scp {

struct Part10Header {
    std::string sop_class, sop_instance, transfer_syntax;
    std::uint64_t dataset_at = 0;  ///< offset of the dataset in the file
    std::uint64_t file_bytes = 0;
};

/// Throws unavailable when the file cannot be opened, bad_input when it is no DICOM file.
Part10Header read_part10_header(const std::filesystem::path& file);

}  // namespace bucky::scp
