// SPDX-License-Identifier: Apache-2.0
// back_up() copies a node's data folder into another one from which a node can start, while the
// first goes on receiving.
//
// Order is the promise: the database first, as it is at one moment (SQLite's online backup), then
// every file that this copy names; what left meanwhile makes it begin again with the little that
// changed. Files never change once they have a name, so one that is there already is not copied
// again: a second backup into the same folder takes what is new. All is synced, and the database
// gets its name last: a folder with a bucky.db in it is whole. Any process, any thread.
#pragma once

#include <cstdint>
#include <filesystem>

namespace bucky::storage {

struct BackedUp {
    std::int64_t files = 0;    ///< that the copy of the database names
    std::int64_t copied = 0;   ///< of them by this call; the others were there
    std::uint64_t bytes = 0;   ///< copied, the database not counted
    std::int64_t removed = 0;  ///< of an earlier backup, that nobody names any more
};

/// Throws bad_input when `to` is, or lies in, `data_dir`, is a node's data folder, or holds what no
/// backup put there; exhausted when it is full; corrupt when the copy of the database does not hold
/// together; unavailable when something cannot be read or written.
BackedUp back_up(const std::filesystem::path& data_dir, const std::filesystem::path& to);

}  // namespace bucky::storage
