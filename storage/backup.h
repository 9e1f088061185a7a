// SPDX-License-Identifier: Apache-2.0
// back_up() copies a node's data folder into another folder from which a node can start. The source
// node can go on receiving.
//
// The database is copied first, as it is at one moment (SQLite's online backup), then every file
// that this copy names. If files are removed meanwhile, the copy starts again and takes only what
// changed. A file never changes once it has its final name, so a file that is already in the target
// is not copied again: a second backup into the same folder copies only new files. Everything is
// synced, and the database gets its name last: a folder that contains bucky.db is complete. The
// register of sites, the authority's files and those of a site that joined a service go with it.
// Any process, any thread.
#pragma once

#include <cstdint>
#include <filesystem>

namespace bucky::storage {

struct BackedUp {
    std::int64_t files = 0;    ///< named by the copy of the database
    std::int64_t copied = 0;   ///< copied by this call; the others were there
    std::uint64_t bytes = 0;   ///< copied, without the database
    std::int64_t removed = 0;  ///< files of an earlier backup that no row names now
};

/// Throws bad_input when `to` is `data_dir`, lies in it, is a node's data folder, or contains files
/// that no backup wrote; exhausted when the disk is full; corrupt when the copy of the database
/// fails its integrity check; unavailable when something cannot be read or written.
BackedUp back_up(const std::filesystem::path& data_dir, const std::filesystem::path& to);

}  // namespace bucky::storage
