// SPDX-License-Identifier: Apache-2.0
// recover() restores a consistent state after a crash, before anything else runs.
//
// It deletes only temporary files, whose senders have no answer, and nothing that was answered. A
// spool file without a row (after a crash between rename and commit, or when the database was
// removed or restored from an older copy) moves to spool/reingest and is taken in again from there
// (reingest.h). A result without a row moves aside (aside.h), because its report is made again.
// Jobs that were running become ready.
#pragma once

#include <cstdint>
#include <filesystem>

#include "conf/base/clock.h"
#include "storage/aside.h"
#include "storage/database.h"

namespace bucky::storage {

struct Recovered {
    std::int64_t files_swept = 0;    ///< temporary files
    std::int64_t images_found = 0;   ///< without a row: in spool/reingest now
    std::int64_t results_aside = 0;  ///< without a row
    std::int64_t jobs_returned = 0;
    std::int64_t images_returned = 0, reports_returned = 0;  ///< of these jobs
};

/// Reads the hour folders from the one before the last row's on, never history. A file that cannot
/// be moved stays, and the next start finds it.
Recovered recover(Database& db, const std::filesystem::path& data_dir, const Clock& clock,
                  Aside& aside);
Recovered recover(Database& db, const std::filesystem::path& data_dir, const Clock& clock);

/// The process was told to stop: jobs that still run when it ends are returned by the next
/// recover() without counting a death.
void mark_stopping(const std::filesystem::path& data_dir);

}  // namespace bucky::storage
