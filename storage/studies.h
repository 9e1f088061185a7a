// SPDX-License-Identifier: Apache-2.0
// Studies: which images belong together, the verdict on each, and when a report is due.
//
// A study is open while it has something to report, reporting once a report job covers all of it,
// and reported when that job is done. A later image opens it again, whatever is running. Every
// `study` argument is the key of a study (study_key.h), not the bare UID.
// Threads: one Studies per worker, over that worker's Database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/clock.h"
#include "conf/base/ids.h"
#include "storage/database.h"
#include "storage/decisions.h"
#include "storage/job_queue.h"
#include "storage/study_key.h"
#include "storage/study_state.h"

namespace bucky::storage {

struct Instance {
    std::int64_t id = 0;
    Uid sop_instance, sop_class, series;
    StudyKey study;
    std::string transfer_syntax;
    std::string file;  ///< relative to the spool
    std::int64_t bytes = 0;
    std::string calling_ae, called_ae, peer_address;
    std::string tenant;  ///< whose queue its study is in
    std::int64_t received_at_ms = 0;
    bool conflicting = false;  ///< same UID, other pixels, came later: not analysed, no verdict
    bool awaiting = false;     ///< a verdict is due: the first, or a new one after retry()
    std::string verdict;       ///< empty until there is one
    std::string result_json;   ///< inference::to_json; empty until there is one
    std::int64_t analysed_at_ms = 0;
    std::string owner;          ///< the tenant that owns it; empty: none
    bool has_copies = false;    ///< conflicting images with its UID are stored
    bool replaced = false;      ///< a copy with another header is current
    std::int64_t revision = 0;  ///< how many it has replaced
};

struct StudyLine {
    std::string study;  ///< its key
    std::string accession_number;
    StudyState state = StudyState::open;
    std::int64_t images = 0, pending = 0, findings = 0, no_findings = 0;
    std::int64_t not_analysed = 0, failed = 0;  ///< conflicting images count as not analysed
    std::int64_t first_image_ms = 0, last_image_ms = 0;
    std::int64_t verdict_at_ms = 0;  ///< the last; 0: none yet
    std::int64_t reported_at_ms = 0, delivered_at_ms = 0;
    std::int64_t deliveries_open = 0;   ///< waiting, running or parked; delivered_at_ms is 0 then
    std::int64_t commitments_open = 0;  ///< destinations that have not committed yet
    std::int64_t patients = 1;          ///< how many patients its images name, by its last report
    std::int64_t revision = 0;          ///< how often an image of it was replaced
};

class Studies {
public:
    Studies(Database& db, const Clock& clock) : db_(db), clock_(clock) {}

    std::optional<Instance> instance(std::int64_t id);
    std::vector<Instance> instances(std::string_view study);

    /// Stores the verdict on an image with its decision record, and finishes its job, in one
    /// transaction. Returns the record's place. Nothing: the lease was lost and the job belongs to
    /// another worker; nothing changed. Call make_due_reports() afterwards.
    /// Crash points: infer.before_commit, infer.after_commit.
    std::optional<DecisionMark> record_verdict(const Job& job, std::string_view verdict,
                                               std::string_view result_json,
                                               std::string_view decision = "{}");

    /// Makes a report job for every study that is complete and has no image waiting for its
    /// verdict. A job of the study that is waiting or parked is enough. While one *runs*, the study
    /// stays open and gets the next one afterwards: call this again when a report job ends. So the
    /// reports of one study are made one after another, however many workers there are: each is
    /// kept before the job for the next exists. Returns how many studies got their job; cheap when
    /// there are none. Any number of workers may call at once.
    ///
    /// An image without a verdict that a report job meets came after the job was made. Leave it
    /// out: the study is open again, and the next report, which supersedes this one, includes it.
    ///
    /// A study that is due later than `longest_wait_ms` from now was dated by a wrong clock, so it
    /// is due now.
    std::int64_t make_due_reports(std::int64_t longest_wait_ms = JobQueue::kLongestWaitMs);

    /// When the next study becomes due; nothing when no study depends on the clock (a study with an
    /// image waiting or a report running does not).
    std::optional<std::int64_t> next_due_ms();

    /// The last report of this study in this rendering, for the Predecessor Documents Sequence,
    /// filed under `patient`; any patient when that is empty.
    std::optional<Uid> last_report(std::string_view study, std::string_view rendering = "",
                                   std::string_view kind = "sr", std::string_view filed_under = "");

    /// The last reports, in one rendering, of earlier studies of the same patient, newest first.
    /// `patient` is that of NewResult::patient; none for an empty one. An identifier with an issuer
    /// is the same patient in the studies of every tenant, one without only in those of one tenant.
    std::vector<Uid> earlier_reports(std::string_view study, std::string_view patient,
                                     bool has_issuer, std::string_view rendering,
                                     std::int64_t at_most);

    /// Runs a study again: its images get new infer jobs (except those with one waiting or
    /// running), and a report follows. Old verdicts stay until the new ones come. `model`: the only
    /// package to run, by name; empty: any that accepts the image. Returns how many images.
    std::int64_t retry(std::string_view study, std::string_view model = "");

    /// The number of this owner's images that wait for a verdict, kept and not counted.
    std::int64_t waiting(std::string_view owner);

    /// The keys of all studies with this Study Instance UID, of any owner.
    std::vector<std::string> of_uid(std::string_view study_uid);
    std::vector<StudyLine> recent(std::int64_t at_most);
    std::optional<StudyLine> line(std::string_view study);

private:
    Database& db_;
    const Clock& clock_;
};

}  // namespace bucky::storage
