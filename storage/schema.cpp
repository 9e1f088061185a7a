// SPDX-License-Identifier: Apache-2.0
#include "storage/schema.h"

namespace bucky::storage {
namespace {

constexpr const char* kFirstSchema = R"sql(
CREATE TABLE study (
    uid                 TEXT NOT NULL PRIMARY KEY,
    accession_number    TEXT NOT NULL,
    -- open: something to report; reporting: a report job covers all of it; reported: nothing new
    state               TEXT NOT NULL CHECK (state IN ('open', 'reporting', 'reported')),
    pending             INTEGER NOT NULL CHECK (pending >= 0), -- instances without a verdict
    first_image_ms      INTEGER NOT NULL,
    last_image_ms       INTEGER NOT NULL,
    first_unreported_ms INTEGER NOT NULL,  -- since when it is open: the ceiling counts from here
    due_at_ms           INTEGER NOT NULL,
    last_association    TEXT NOT NULL,
    reported_at_ms      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX study_due ON study (due_at_ms) WHERE state = 'open' AND pending = 0;
CREATE INDEX study_open_association ON study (last_association) WHERE state = 'open';
CREATE INDEX study_latest ON study (last_image_ms);

CREATE TABLE instance (
    id              INTEGER PRIMARY KEY,
    sop_instance    TEXT NOT NULL,
    sop_class       TEXT NOT NULL,
    study           TEXT NOT NULL REFERENCES study (uid),
    series          TEXT NOT NULL,
    transfer_syntax TEXT NOT NULL,
    file            TEXT NOT NULL UNIQUE,  -- below spool/
    size_bytes      INTEGER NOT NULL,
    association     TEXT NOT NULL,
    calling_ae      TEXT NOT NULL,
    called_ae       TEXT NOT NULL,
    peer_address    TEXT NOT NULL,
    received_at_ms  INTEGER NOT NULL,
    conflicting     INTEGER NOT NULL CHECK (conflicting IN (0, 1)),
    awaiting        INTEGER NOT NULL CHECK (awaiting IN (0, 1)),  -- a verdict, or a new one
    verdict         TEXT NOT NULL DEFAULT ''
        CHECK (verdict IN ('', 'findings', 'no_findings', 'not_analysed', 'failed')),
    result_json     TEXT NOT NULL DEFAULT '',
    analysed_at_ms  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX instance_sop ON instance (sop_instance);
CREATE UNIQUE INDEX instance_one_of_a_uid ON instance (sop_instance) WHERE conflicting = 0;
CREATE INDEX instance_of_study ON instance (study);

CREATE TABLE result (
    id              INTEGER PRIMARY KEY,
    sop_instance    TEXT NOT NULL UNIQUE,
    sop_class       TEXT NOT NULL,
    study           TEXT NOT NULL REFERENCES study (uid),
    transfer_syntax TEXT NOT NULL,
    kind            TEXT NOT NULL,
    file            TEXT NOT NULL UNIQUE,  -- below results/
    size_bytes      INTEGER NOT NULL,
    created_at_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX result_of_study ON result (study, kind, id);

CREATE TABLE job (
    id              INTEGER PRIMARY KEY,
    lane            TEXT NOT NULL,
    subject         TEXT NOT NULL,
    study           TEXT NOT NULL REFERENCES study (uid),
    state           TEXT NOT NULL CHECK (state IN ('ready', 'running', 'done', 'parked')),
    attempt         INTEGER NOT NULL DEFAULT 0,
    created_at_ms   INTEGER NOT NULL,
    submitted_at_ms INTEGER NOT NULL,            -- created, or resubmitted by a person
    not_before_ms   INTEGER NOT NULL,
    lease_until_ms  INTEGER NOT NULL DEFAULT 0,
    ended_at_ms     INTEGER NOT NULL DEFAULT 0,  -- the last attempt, however it ended
    last_error      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX job_open ON job (lane, subject) WHERE state <> 'done';
CREATE INDEX job_ready ON job (lane, not_before_ms, id) WHERE state = 'ready';
CREATE INDEX job_running ON job (lease_until_ms) WHERE state = 'running';
CREATE INDEX job_of_subject ON job (subject, lane);
CREATE INDEX job_of_study ON job (study);

-- finished jobs by lane, so that nobody counts history
CREATE TABLE tally (
    lane TEXT NOT NULL PRIMARY KEY,
    done INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
    id      INTEGER PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    study   TEXT NOT NULL,
    subject TEXT NOT NULL,
    event   TEXT NOT NULL,
    words   TEXT NOT NULL,
    times   INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX journal_of_study ON journal (study, subject, event);

PRAGMA user_version = 1;
)sql";

constexpr Migration kMigrations[] = {
    {1, "studies, instances, results, jobs, journal", kFirstSchema},
};

}  // namespace

std::span<const Migration> migrations() {
    return kMigrations;
}

}  // namespace bucky::storage
