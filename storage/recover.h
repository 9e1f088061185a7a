// SPDX-License-Identifier: Apache-2.0
// recover(): what the last process left is put right before anything else runs.
//
// Nothing that was answered is deleted here. Only temporary files are: their sender has no answer.
// A spool file without a row (a crash between rename and commit; a database that was removed, or
// put back from an older copy) moves to spool/reingest, from where it is taken in again
// (reingest.h). A result without a row moves aside (aside.h): its report is made again. Jobs that
// ran are ready again.
#pragma once

#include <cstdint>
#include <filesystem>

#include "conf/base/clock.h"
#include "storage/aside.h"
#include "storage/database.h"

namespace bucky::storage {

struct Recovered {
    std::int64_t files_swept = 0;    ///< temporary ones
    std::int64_t images_found = 0;   ///< without a row: they wait in spool/reingest
    std::int64_t results_aside = 0;  ///< without a row
    std::int64_t jobs_returned = 0;
    std::int64_t images_returned = 0, reports_returned = 0;  ///< of these jobs
};

/// Looks at the hours since the one before the last row's, never at history. A file that cannot be
/// moved now stays, and the next start finds it.
Recovered recover(Database& db, const std::filesystem::path& data_dir, const Clock& clock,
                  Aside& aside);
Recovered recover(Database& db, const std::filesystem::path& data_dir, const Clock& clock);

}  // namespace bucky::storage
