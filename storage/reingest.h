// SPDX-License-Identifier: Apache-2.0
// Reingest takes in the images in spool/reingest as if they had just been received. recover() put
// them there because the database did not know them.
//
// A file is never deleted before the same bytes are kept under another name. A file that cannot be
// read moves aside. Until an image is taken in, it stays in spool/reingest, and after a crash the
// next start finds it there. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "storage/aside.h"
#include "storage/intake.h"
#include "storage/spooled.h"

namespace bucky::storage {

/// Below a spool's root. The files keep their names, with the hour in front.
inline constexpr std::string_view kReingestFolder = "reingest";

class Reingest {
public:
    Reingest(Database& db, Spool& spool, Aside& aside, const Clock& clock, StudyTimes times,
             CopyRules copies, SpooledReader read);

    std::size_t left() const noexcept { return files_.size(); }

    /// Takes in the next image, oldest first; false: none is left. Throws unavailable or exhausted:
    /// the file stays and is tried again.
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
