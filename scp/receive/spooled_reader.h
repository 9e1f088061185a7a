// SPDX-License-Identifier: Apache-2.0
// read_spooled() reads a spool file that the database does not know: what the node wrote before the
// data set (who sent it, file_meta.h) and the data set's identifiers. It is a stranger's file:
// both walks are bounded, and DCMTK's parser is not asked. Any thread.
#pragma once

#include <filesystem>

#include "storage/spooled.h"

namespace bucky::scp {

/// Throws bad_input when the file is not whole or does not say who sent it; corrupt when its two
/// parts contradict each other; unavailable when it cannot be read now.
storage::Spooled read_spooled(const std::filesystem::path& file);

}  // namespace bucky::scp
