// SPDX-License-Identifier: Apache-2.0
// The file meta information (PS3.10 7.1) of what the node receives: which instance it is, and how
// it came. The AE titles stand where the standard has them ((0002,0016), (0002,0017), (0002,0018));
// what it has no place for (address, association, tenant, time) stands in Private Information
// (0002,0102), as lines of "key=value". So a spool file alone is enough to take it in again.
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
    std::uint64_t dataset_at = 0;  ///< where in the file the data set begins
};

/// Preamble, "DICM" and file meta information; `dataset_at` is not read.
std::vector<std::uint8_t> write_file_meta(const FileMeta& meta);

/// Throws unavailable when the file cannot be read; bad_input when it has no file meta information
/// of at most 64 kB. In a file that an earlier version wrote `from` has no more than calling_ae.
FileMeta read_file_meta(const std::filesystem::path& file);

}  // namespace bucky::scp
