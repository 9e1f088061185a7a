// SPDX-License-Identifier: Apache-2.0
// Migrations 9 to 11: the owner of a study, the patient of a result, and the current copy of an
// image. Part of schema.cpp, and append-only as well.
#pragma once

namespace bucky::storage {

inline constexpr const char* kStudyKeys = R"sql(
-- a study is known by its UID and whose it is (storage/study_key.h): two owners may each have one
-- of the same UID. What was made before: a study whose images are all one owner's becomes that
-- owner's, one that several share stays as it is
ALTER TABLE study RENAME COLUMN uid TO key;
ALTER TABLE study ADD COLUMN study_uid TEXT NOT NULL DEFAULT '';
ALTER TABLE study ADD COLUMN owner TEXT NOT NULL DEFAULT '';
UPDATE study SET study_uid = key;
CREATE INDEX study_of_uid ON study (study_uid);

PRAGMA defer_foreign_keys = ON;
UPDATE study SET owner = coalesce(
    (SELECT min(owner) FROM instance WHERE instance.study = study.key
     HAVING min(owner) = max(owner)), '');
UPDATE instance SET study = study.key || '@' || study.owner
  FROM study WHERE study.key = instance.study AND study.owner <> '';
UPDATE result SET study = study.key || '@' || study.owner
  FROM study WHERE study.key = result.study AND study.owner <> '';
UPDATE job
   SET study = study.key || '@' || study.owner,
       subject = iif(subject = study.key, study.key || '@' || study.owner, subject)
  FROM study WHERE study.key = job.study AND study.owner <> '';
UPDATE commitment SET study = study.key || '@' || study.owner
  FROM study WHERE study.key = commitment.study AND study.owner <> '';
UPDATE commitment_request SET study = study.key || '@' || study.owner
  FROM study WHERE study.key = commitment_request.study AND study.owner <> '';
UPDATE journal SET study = study.key || '@' || study.owner
  FROM study WHERE study.key = journal.study AND study.owner <> '';
UPDATE study SET key = key || '@' || owner WHERE owner <> '';

PRAGMA user_version = 9;
)sql";

inline constexpr const char* kFiledUnder = R"sql(
-- of how many patients the images of a study are, as its last report found
ALTER TABLE study ADD COLUMN patients INTEGER NOT NULL DEFAULT 1;

-- whom a result is filed under, as a digest that says nothing of them, and how they are known again
-- in other studies (empty: not for sure). A result from before has no filed_under
ALTER TABLE result ADD COLUMN filed_under TEXT NOT NULL DEFAULT '';
ALTER TABLE result ADD COLUMN patient TEXT NOT NULL DEFAULT '';
UPDATE result SET patient = (SELECT patient FROM study WHERE study.key = result.study);
CREATE INDEX result_of_patient ON result (patient, kind, rendering) WHERE patient <> '';
DROP INDEX study_of_patient;
ALTER TABLE study DROP COLUMN patient;

PRAGMA user_version = 11;
)sql";

inline constexpr const char* kCopies = R"sql(
-- an image that came again with another header and the same pixels: the one that came later stands
ALTER TABLE instance ADD COLUMN replaced INTEGER NOT NULL DEFAULT 0 CHECK (replaced IN (0, 1));
ALTER TABLE instance ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;  -- how many it has replaced
ALTER TABLE instance ADD COLUMN pixels TEXT NOT NULL DEFAULT '';      -- digest; empty: no copy yet
ALTER TABLE study ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;     -- such changes of its images
DROP INDEX instance_one_of_a_uid;
CREATE UNIQUE INDEX instance_one_of_a_uid ON instance (sop_instance, owner)
    WHERE conflicting = 0 AND replaced = 0;

PRAGMA user_version = 12;
)sql";

inline constexpr const char* kDecisions = R"sql(
-- what was decided of each image, in a chain for each owner: it names no study, and stays after it
CREATE TABLE decision (
    id     INTEGER PRIMARY KEY,
    owner  TEXT NOT NULL,
    number INTEGER NOT NULL,  -- in the owner's chain, from 1
    at_ms  INTEGER NOT NULL,
    record TEXT NOT NULL,     -- JSON
    before TEXT NOT NULL,     -- hash of the record before
    sha256 TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX decision_of_chain ON decision (owner, number);

-- where a chain begins and ends: a record that was cut off at an end is missed
CREATE TABLE decision_chain (
    owner        TEXT NOT NULL PRIMARY KEY,
    first        INTEGER NOT NULL,
    first_before TEXT NOT NULL,
    last         INTEGER NOT NULL,
    last_sha256  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 16;
)sql";

}  // namespace bucky::storage
