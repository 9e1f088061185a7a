// SPDX-License-Identifier: Apache-2.0
// read_spooled() reads a spool file that the database does not know: the information that the node
// wrote before the data set (its sender, file_meta.h) and the data set's identifiers. The file is
// not trusted: both walks are bounded, and DCMTK's parser is not used. Any thread.
#pragma once

#include <filesystem>

#include "storage/spooled.h"

namespace bucky::scp {

/// Throws bad_input when the file is incomplete or does not name its sender; corrupt when its two
/// parts contradict each other; unavailable when it cannot be read now.
storage::Spooled read_spooled(const std::filesystem::path& file);

}  // namespace bucky::scp
