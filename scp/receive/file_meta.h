// SPDX-License-Identifier: Apache-2.0
// The file meta information (PS3.10 7.1) of received files: the instance, and how it came. The AE
// titles are in their standard elements ((0002,0016), (0002,0017), (0002,0018)). Address,
// association, tenant and time have no standard element and are in Private Information (0002,0102),
// as lines of "key=value". So a spool file alone is enough to take it in again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/spooled.h"

namespace bucky::scp {

struct FileMeta {
    std::string sop_class, sop_instance, transfer_syntax;
    storage::Provenance from;
    std::uint64_t dataset_at = 0;  ///< offset of the data set in the file
};

/// Preamble, "DICM" and file meta information; `dataset_at` is not read.
std::vector<std::uint8_t> write_file_meta(const FileMeta& meta);

/// Throws unavailable when the file cannot be read; bad_input when it has no file meta information
/// of at most 64 kB. In a file of an earlier version, `from` contains only calling_ae.
FileMeta read_file_meta(const std::filesystem::path& file);

}  // namespace bucky::scp
