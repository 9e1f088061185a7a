// SPDX-License-Identifier: Apache-2.0
// The file that a node's database is, for tests that damage, replace, copy or watch it.
#pragma once

#include <filesystem>
#include <string>

#include "storage/site.h"

namespace bucky::test {

/// `suffix`: "-wal" or "-shm", for the files beside it.
inline std::filesystem::path database_file(const std::filesystem::path& data_dir,
                                           const std::string& suffix = "") {
    return storage::Site{data_dir}.database_file().string() + suffix;
}

}  // namespace bucky::test
