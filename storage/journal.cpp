// SPDX-License-Identifier: Apache-2.0
#include "storage/journal.h"

#include <optional>

#include "storage/statements.h"
#include "storage/words.h"

namespace bucky::storage {
namespace {

constexpr Sql kWrite{"journal.write", R"sql(
    INSERT INTO journal (at_ms, study, subject, event, words)
    VALUES (:at_ms, :study, :subject, :event, :words))sql"};

constexpr Sql kCount{"journal.count", R"sql(
    UPDATE journal SET times = times + 1, at_ms = :at_ms
     WHERE id = (SELECT id FROM journal
                  WHERE study = :study AND subject = :subject AND event = :event
                    AND words = :words
                  LIMIT 1))sql"};

constexpr Sql kOfStudy{"journal.of_study", R"sql(
    SELECT at_ms, study, subject, event, words, times
      FROM journal WHERE study = :study ORDER BY at_ms, id)sql"};

// '@' divides a key into UID and owner, and 'A' is the next character.
constexpr Sql kStudiesOfUid{"journal.studies_of_uid", R"sql(
    SELECT DISTINCT study FROM journal WHERE study = :study_uid
    UNION SELECT study FROM journal WHERE study > :study_uid || '@' AND study < :study_uid || 'A'
    ORDER BY study)sql"};

constexpr Sql kAll[] = {kWrite, kCount, kOfStudy, kStudiesOfUid};

}  // namespace

std::span<const Sql> journal_statements() {
    return kAll;
}

void Journal::write(std::string_view study, std::string_view subject, JournalEvent event,
                    std::string_view words) {
    std::optional<Database::Transaction> own;
    if (!db_.in_transaction()) own.emplace(db_);
    run(kWrite, study, subject, event, words);
    if (own) own->commit();
}

void Journal::write_repeated(std::string_view study, std::string_view subject, JournalEvent event,
                             std::string_view words) {
    std::optional<Database::Transaction> own;
    if (!db_.in_transaction()) own.emplace(db_);
    run(kCount, study, subject, event, words);
    if (db_.changes() == 0) run(kWrite, study, subject, event, words);
    if (own) own->commit();
}

void Journal::run(const Sql& sql, std::string_view study, std::string_view subject,
                  JournalEvent event, std::string_view words) {
    db_.prepare(sql)
        .bind(":at_ms", clock_.now_ms())
        .bind(":study", study)
        .bind(":subject", subject)
        .bind(":event", word_of(event))
        .bind(":words", limited(words))
        .run();
}

std::vector<std::string> Journal::studies_of_uid(std::string_view study_uid) {
    auto rows = db_.prepare(kStudiesOfUid);
    rows.bind(":study_uid", study_uid);
    std::vector<std::string> keys;
    while (rows.step()) keys.push_back(rows.text(0));
    return keys;
}

std::vector<JournalEntry> Journal::of_study(std::string_view study) {
    auto rows = db_.prepare(kOfStudy);
    rows.bind(":study", study);
    std::vector<JournalEntry> entries;
    while (rows.step()) {
        entries.push_back({.at_ms = rows.integer(0),
                           .study = rows.text(1),
                           .subject = rows.text(2),
                           .event = rows.text(3),
                           .words = rows.text(4),
                           .times = rows.integer(5)});
    }
    return entries;
}

}  // namespace bucky::storage
