// SPDX-License-Identifier: Apache-2.0
// Reingest takes the images in spool/reingest in again as if they had just come: recover() put them
// there because the database did not know them.
//
// A file is never deleted before the same bytes are kept under another name. One that cannot be
// read goes aside. Until one is taken in, it stays in spool/reingest, whatever crashes: the next
// start finds it there. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "storage/aside.h"
#include "storage/intake.h"
#include "storage/spooled.h"

namespace bucky::storage {

/// Below a spool's root; names are those they had, with the hour before them.
inline constexpr std::string_view kReingestFolder = "reingest";

class Reingest {
public:
    Reingest(Database& db, Spool& spool, Aside& aside, const Clock& clock, StudyTimes times,
             CopyRules copies, SpooledReader read);

    std::size_t left() const noexcept { return files_.size(); }

    /// The next one, oldest first; false: none is left. Throws unavailable or exhausted: the file
    /// stays, and is the next one again.
    bool take_in_next();

private:
    void take_in(const std::filesystem::path& file);
    CopyRules rules_for(const Spooled& found);
    void put_aside(const std::filesystem::path& file, Aside::Kind kind, const std::string& why);
    void settle_twin(const std::filesystem::path& file, std::int64_t instance_id);

    Database& db_;
    Spool& spool_;
    Aside& aside_;
    const Clock& clock_;
    StudyTimes times_;
    CopyRules copies_;
    SpooledReader read_;
    std::vector<std::filesystem::path> files_;  ///< the next one last
};

}  // namespace bucky::storage
