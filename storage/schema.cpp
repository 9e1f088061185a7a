// SPDX-License-Identifier: Apache-2.0
#include "storage/schema.h"

#include "storage/schema_of_studies.h"

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

constexpr const char* kTurnsAndLeaving = R"sql(
-- tenants take turns, urgent work goes first
ALTER TABLE study ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
ALTER TABLE study ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0 CHECK (urgent IN (0, 1));
ALTER TABLE job ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0 CHECK (urgent IN (0, 1));
CREATE INDEX job_turn ON job (lane, urgent, tenant, not_before_ms, id) WHERE state = 'ready';
CREATE TABLE turn (
    lane     TEXT NOT NULL,
    urgent   INTEGER NOT NULL,
    tenant   TEXT NOT NULL,     -- whose job was claimed last
    in_a_row INTEGER NOT NULL,  -- urgent jobs since the last that was not
    PRIMARY KEY (lane, urgent)
) STRICT, WITHOUT ROWID;

-- jobs that are not done by lane, so that nobody counts them
ALTER TABLE tally ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
INSERT INTO tally (lane, done, open)
    SELECT lane, 0, count(*) FROM job WHERE state <> 'done' GROUP BY lane
    ON CONFLICT (lane) DO UPDATE SET open = excluded.open;

-- since when nothing is left to do for a study; 0: something is
ALTER TABLE study ADD COLUMN settled_at_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX study_settled ON study (settled_at_ms) WHERE settled_at_ms > 0;
CREATE INDEX job_open_of_study ON job (study) WHERE state <> 'done';
CREATE INDEX journal_left ON journal (at_ms) WHERE event = 'study.left';

-- files below data_dir that no row names any more and that are still to be unlinked
CREATE TABLE leaving (file TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;

-- what lies in spool/ and results/, so that nobody counts it
CREATE TABLE holding (
    what  TEXT NOT NULL PRIMARY KEY CHECK (what IN ('instances', 'results')),
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO holding SELECT 'instances', count(*), coalesce(sum(size_bytes), 0) FROM instance;
INSERT INTO holding SELECT 'results', count(*), coalesce(sum(size_bytes), 0) FROM result;

CREATE TRIGGER instance_held AFTER INSERT ON instance BEGIN
    UPDATE holding SET files = files + 1, bytes = bytes + NEW.size_bytes WHERE what = 'instances';
END;
CREATE TRIGGER instance_left AFTER DELETE ON instance BEGIN
    UPDATE holding SET files = files - 1, bytes = bytes - OLD.size_bytes WHERE what = 'instances';
END;
CREATE TRIGGER result_held AFTER INSERT ON result BEGIN
    UPDATE holding SET files = files + 1, bytes = bytes + NEW.size_bytes WHERE what = 'results';
END;
CREATE TRIGGER result_left AFTER DELETE ON result BEGIN
    UPDATE holding SET files = files - 1, bytes = bytes - OLD.size_bytes WHERE what = 'results';
END;

-- whoever makes a job: it is counted, and its study is no longer settled
CREATE TRIGGER job_made AFTER INSERT ON job WHEN NEW.state <> 'done' BEGIN
    INSERT INTO tally (lane, done, open) VALUES (NEW.lane, 0, 1)
        ON CONFLICT (lane) DO UPDATE SET open = open + 1;
    UPDATE study SET settled_at_ms = 0 WHERE uid = NEW.study AND settled_at_ms > 0;
END;
CREATE TRIGGER job_done AFTER UPDATE OF state ON job
    WHEN OLD.state <> 'done' AND NEW.state = 'done' BEGIN
    UPDATE tally SET open = open - 1 WHERE lane = NEW.lane;
END;
CREATE TRIGGER job_gone AFTER DELETE ON job WHEN OLD.state <> 'done' BEGIN
    UPDATE tally SET open = open - 1 WHERE lane = OLD.lane;
END;

PRAGMA user_version = 2;
)sql";

constexpr const char* kByAge = R"sql(
-- the oldest of a lane first, however often it was tried
CREATE INDEX job_by_age ON job (lane, created_at_ms, id, not_before_ms) WHERE state = 'ready';

PRAGMA user_version = 3;
)sql";

constexpr const char* kPeerClasses = R"sql(
-- which SOP classes a destination takes, as it negotiated them last
CREATE TABLE peer_class (
    destination TEXT NOT NULL,
    sop_class   TEXT NOT NULL,
    taken       INTEGER NOT NULL CHECK (taken IN (0, 1)),
    since_ms    INTEGER NOT NULL,
    PRIMARY KEY (destination, sop_class)
) STRICT, WITHOUT ROWID;

-- how a result was made where more than one way was asked for: dicom_sr's Rendering in words
ALTER TABLE result ADD COLUMN rendering TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 4;
)sql";

constexpr const char* kCommitments = R"sql(
-- what a destination said of a result that we asked it to keep (PS3.4 Annex J)
CREATE TABLE commitment (
    destination     TEXT NOT NULL,
    sop_instance    TEXT NOT NULL,
    study           TEXT NOT NULL,
    transaction_uid TEXT NOT NULL,               -- of the last request that named it
    promised_at_ms  INTEGER NOT NULL DEFAULT 0,  -- 0: it has not promised
    failure         INTEGER NOT NULL DEFAULT 0,  -- its reason (0008,1197); 0: none
    PRIMARY KEY (destination, sop_instance)
) STRICT, WITHOUT ROWID;
CREATE INDEX commitment_of_study ON commitment (study, destination);

CREATE TABLE commitment_request (
    transaction_uid TEXT NOT NULL PRIMARY KEY,
    destination     TEXT NOT NULL,
    study           TEXT NOT NULL,
    asked_at_ms     INTEGER NOT NULL,
    answered_at_ms  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX commitment_request_of_study ON commitment_request (study, destination);

-- what has left has no promises
CREATE TRIGGER commitment_left AFTER DELETE ON result BEGIN
    DELETE FROM commitment WHERE sop_instance = OLD.sop_instance AND study = OLD.study;
    DELETE FROM commitment_request WHERE study = OLD.study;
END;

-- what a caller asked us to keep; here until it has heard our answer
CREATE TABLE pledge (
    id              INTEGER PRIMARY KEY,
    transaction_uid TEXT NOT NULL,
    requester       TEXT NOT NULL,  -- its AE title
    called_ae       TEXT NOT NULL,
    peer_address    TEXT NOT NULL,
    attempt         INTEGER NOT NULL DEFAULT 0,
    asked_at_ms     INTEGER NOT NULL,
    not_before_ms   INTEGER NOT NULL,
    last_error      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX pledge_due ON pledge (not_before_ms);
CREATE UNIQUE INDEX pledge_transaction ON pledge (transaction_uid, requester);

CREATE TABLE pledge_item (
    pledge       INTEGER NOT NULL REFERENCES pledge (id),
    sop_instance TEXT NOT NULL,
    sop_class    TEXT NOT NULL,
    PRIMARY KEY (pledge, sop_instance)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 5;
)sql";

constexpr const char* kPatients = R"sql(
-- who a study is of, as a digest that says nothing of them; empty: it cannot be told for sure
ALTER TABLE study ADD COLUMN patient TEXT NOT NULL DEFAULT '';
CREATE INDEX study_of_patient ON study (patient, first_image_ms) WHERE patient <> '';

PRAGMA user_version = 6;
)sql";

constexpr const char* kCountedByState = R"sql(
-- what is open in a lane by state, so that nobody counts it
ALTER TABLE tally ADD COLUMN running INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN parked INTEGER NOT NULL DEFAULT 0;
UPDATE tally
   SET running = (SELECT count(*) FROM job WHERE job.lane = tally.lane AND state = 'running'),
       parked = (SELECT count(*) FROM job WHERE job.lane = tally.lane AND state = 'parked');
DROP TRIGGER job_made;
DROP TRIGGER job_done;
DROP TRIGGER job_gone;
CREATE TRIGGER job_made AFTER INSERT ON job WHEN NEW.state <> 'done' BEGIN
    INSERT INTO tally (lane, done, open, running, parked)
        VALUES (NEW.lane, 0, 1, NEW.state = 'running', NEW.state = 'parked')
        ON CONFLICT (lane) DO UPDATE
           SET open = open + 1, running = running + excluded.running,
               parked = parked + excluded.parked;
    UPDATE study SET settled_at_ms = 0 WHERE uid = NEW.study AND settled_at_ms > 0;
END;
CREATE TRIGGER job_moved AFTER UPDATE OF state ON job WHEN OLD.state <> NEW.state BEGIN
    UPDATE tally
       SET open = open + (NEW.state <> 'done') - (OLD.state <> 'done'),
           running = running + (NEW.state = 'running') - (OLD.state = 'running'),
           parked = parked + (NEW.state = 'parked') - (OLD.state = 'parked')
     WHERE lane = NEW.lane;
END;
CREATE TRIGGER job_gone AFTER DELETE ON job WHEN OLD.state <> 'done' BEGIN
    UPDATE tally
       SET open = open - 1, running = running - (OLD.state = 'running'),
           parked = parked - (OLD.state = 'parked')
     WHERE lane = OLD.lane;
END;
CREATE INDEX job_parked ON job (lane, created_at_ms) WHERE state = 'parked';
CREATE INDEX job_in_trouble ON job (lane, ended_at_ms) WHERE state <> 'done' AND last_error <> '';

-- what has just been made for a destination: tenants take turns there too
CREATE INDEX job_new_turn ON job (lane, urgent, tenant, created_at_ms, id, not_before_ms)
    WHERE state = 'ready' AND lane >= 'deliver:' AND lane < 'deliver;';

PRAGMA user_version = 7;
)sql";

constexpr const char* kOwners = R"sql(
-- the tenant whose image it is, by the AE title that it was called by; empty: nobody's. The same
-- image may be here for two of them, and neither hears of the other
ALTER TABLE instance ADD COLUMN owner TEXT NOT NULL DEFAULT '';
DROP INDEX instance_one_of_a_uid;
CREATE UNIQUE INDEX instance_one_of_a_uid ON instance (sop_instance, owner) WHERE conflicting = 0;

-- images of an owner that wait for a verdict, so that nobody counts them
CREATE TABLE waiting (
    owner  TEXT NOT NULL PRIMARY KEY,
    images INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER instance_waits AFTER INSERT ON instance
    WHEN NEW.awaiting = 1 AND NEW.owner <> '' BEGIN
    INSERT INTO waiting (owner, images) VALUES (NEW.owner, 1)
        ON CONFLICT (owner) DO UPDATE SET images = images + 1;
END;
CREATE TRIGGER instance_moved AFTER UPDATE OF awaiting ON instance
    WHEN OLD.awaiting <> NEW.awaiting AND NEW.owner <> '' BEGIN
    UPDATE waiting SET images = images + NEW.awaiting - OLD.awaiting WHERE owner = NEW.owner;
END;
CREATE TRIGGER instance_gone AFTER DELETE ON instance
    WHEN OLD.awaiting = 1 AND OLD.owner <> '' BEGIN
    UPDATE waiting SET images = images - 1 WHERE owner = OLD.owner;
END;

-- the one model that a person asked for; empty: whichever takes the image
ALTER TABLE job ADD COLUMN model TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 8;
)sql";

constexpr const char* kDeaths = R"sql(
-- processes that ended while they worked on a job, and failures that its subject may have caused.
-- Nobody knows how many of the attempts so far were deaths: none counts as one
ALTER TABLE job ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN own_faults INTEGER NOT NULL DEFAULT 0;

PRAGMA user_version = 10;
)sql";

constexpr const char* kOwedToCallers = R"sql(
-- how many instances a caller's request names, so that nobody counts them
ALTER TABLE pledge ADD COLUMN objects INTEGER NOT NULL DEFAULT 0;
UPDATE pledge SET objects = (SELECT count(*) FROM pledge_item WHERE pledge = pledge.id);

-- each caller is called by itself, and is owed no more than its quota
CREATE INDEX pledge_of_requester ON pledge (requester, not_before_ms, id);
CREATE INDEX pledge_asked_by ON pledge (requester, asked_at_ms);

PRAGMA user_version = 13;
)sql";

constexpr const char* kRefusedClasses = R"sql(
-- when the destination last answered 0122 to an object of a class whose context it accepts
ALTER TABLE peer_class ADD COLUMN refused_at_ms INTEGER NOT NULL DEFAULT 0;

PRAGMA user_version = 14;
)sql";

constexpr const char* kTakenBack = R"sql(
-- results whose class a destination did not accept, and when that was found first
CREATE TABLE taken_back (
    sop_instance TEXT NOT NULL,
    destination  TEXT NOT NULL,
    study        TEXT NOT NULL,
    at_ms        INTEGER NOT NULL,
    PRIMARY KEY (sop_instance, destination)
) STRICT, WITHOUT ROWID;
CREATE INDEX taken_back_of_study ON taken_back (study);

PRAGMA user_version = 15;
)sql";

constexpr Migration kMigrations[] = {
    {1, "studies, instances, results, jobs, journal", kFirstSchema},
    {2, "turns between tenants, and what leaves", kTurnsAndLeaving},
    {3, "jobs of a lane by age", kByAge},
    {4, "what destinations take, and results rendered for them", kPeerClasses},
    {5, "storage commitment in both roles", kCommitments},
    {6, "studies of one patient", kPatients},
    {7, "open jobs counted by state, and turns in delivery", kCountedByState},
    {8, "whose an image is, and a model asked for by name", kOwners},
    {9, "studies of one UID and several owners", kStudyKeys},
    {10, "deaths and faults of a job, each counted", kDeaths},
    {11, "whom a result is filed under", kFiledUnder},
    {12, "copies with the same pixels", kCopies},
    {13, "what callers are owed, by caller", kOwedToCallers},
    {14, "classes that a destination refuses by the object", kRefusedClasses},
    {15, "results that are made again in another class", kTakenBack},
    {16, "a record of each decision", kDecisions},
};

}  // namespace

std::span<const Migration> migrations() {
    return kMigrations;
}

}  // namespace bucky::storage
