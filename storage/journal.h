// SPDX-License-Identifier: Apache-2.0
// Journal: what happened to a study, in order, for support and audits. No names, birth dates or
// patient IDs: only UIDs, AE titles and our own words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/clock.h"
#include "storage/database.h"
#include "storage/journal_event.h"

namespace bucky::storage {

struct JournalEntry {
    std::int64_t at_ms = 0;
    std::string study;    ///< its key: study_key.h
    std::string subject;  ///< SOP instance UID, destination, or empty
    std::string event;    ///< a word of journal_event.h, or of another version
    std::string words;
    std::int64_t times = 1;  ///< at_ms is the time of the last one

    bool is(JournalEvent one) const { return event == word_of(one); }
};

class Journal {
public:
    Journal(Database& db, const Clock& clock) : db_(db), clock_(clock) {}
    /// If a transaction is open, this is part of it. Long words are cut (limits::kWordsMax).
    void write(std::string_view study, std::string_view subject, JournalEvent event,
               std::string_view words);

    /// For events that a peer can repeat without end: repetitions are counted in one entry.
    void write_repeated(std::string_view study, std::string_view subject, JournalEvent event,
                        std::string_view words);

    std::vector<JournalEntry> of_study(std::string_view study);

    /// The keys of all studies of this UID that have a journal, also of studies that were removed.
    std::vector<std::string> studies_of_uid(std::string_view study_uid);

private:
    void run(const Sql& sql, std::string_view study, std::string_view subject, JournalEvent event,
             std::string_view words);

    Database& db_;
    const Clock& clock_;
};

}  // namespace bucky::storage
