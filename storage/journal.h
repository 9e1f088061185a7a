// SPDX-License-Identifier: Apache-2.0
// Journal: what happened to a study, in order, for the person who asks why. No names, no birth
// dates, no patient IDs: UIDs, AE titles and our own words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/clock.h"
#include "storage/database.h"

namespace bucky::storage {

struct JournalEntry {
    std::int64_t at_ms = 0;
    std::string study;    ///< its key: study_key.h
    std::string subject;  ///< SOP instance UID, destination, or empty
    std::string event;    ///< "image.received", "image.verdict", "report.made", "result.sent", ...
    std::string words;
    std::int64_t times = 1;  ///< at_ms is the last of them
};

class Journal {
public:
    Journal(Database& db, const Clock& clock) : db_(db), clock_(clock) {}
    /// Inside an open transaction it is part of it. Long words are cut (limits::kWordsMax).
    void write(std::string_view study, std::string_view subject, std::string_view event,
               std::string_view words);

    /// For what a stranger can repeat without end: the same again is one entry that counts.
    void write_repeated(std::string_view study, std::string_view subject, std::string_view event,
                        std::string_view words);

    std::vector<JournalEntry> of_study(std::string_view study);

    /// The keys of all studies of this UID that have a story, also of those that have left.
    std::vector<std::string> studies_of_uid(std::string_view study_uid);

private:
    void run(const Sql& sql, std::string_view study, std::string_view subject,
             std::string_view event, std::string_view words);

    Database& db_;
    const Clock& clock_;
};

}  // namespace bucky::storage
