// SPDX-License-Identifier: Apache-2.0
// Studies: which images belong together, what was said about each, and when a report is due.
//
// A study is open while it has something to report, reporting once a report job covers all of it,
// reported when that job is done. An image that comes later opens it again, whatever is running.
// Every `study` that is asked for is the key of one (study_key.h), not the bare UID.
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
#include "storage/job_queue.h"
#include "storage/study_key.h"

namespace bucky::storage {

struct Instance {
    std::int64_t id = 0;
    Uid sop_instance, sop_class, series;
    StudyKey study;
    std::string transfer_syntax;
    std::string file;  ///< relative to the spool
    std::int64_t bytes = 0;
    std::string calling_ae, called_ae, peer_address;
    std::string tenant;  ///< on whose account its study is
    std::int64_t received_at_ms = 0;
    bool conflicting = false;  ///< same UID, other bytes, came later: not analysed, has no verdict
    bool awaiting = false;     ///< a verdict is on its way: the first, or after retry() a new one
    std::string verdict;       ///< empty until there is one
    std::string result_json;   ///< inference::to_json; empty until there is one
    std::int64_t analysed_at_ms = 0;
    std::string owner;          ///< the tenant whose image it is; empty: nobody's
    bool has_copies = false;    ///< conflicting ones of it are here
    bool replaced = false;      ///< it came again with another header, and that one stands
    std::int64_t revision = 0;  ///< how many it has replaced
};

struct StudyLine {
    std::string study;  ///< its key
    std::string accession_number;
    std::string state;  ///< "open", "reporting", "reported"
    std::int64_t images = 0, pending = 0, findings = 0, no_findings = 0;
    std::int64_t not_analysed = 0, failed = 0;  ///< conflicting images count as not analysed
    std::int64_t first_image_ms = 0, last_image_ms = 0;
    std::int64_t verdict_at_ms = 0;  ///< the last; 0: none yet
    std::int64_t reported_at_ms = 0, delivered_at_ms = 0;
    std::int64_t deliveries_open = 0;   ///< waiting, running or parked; delivered_at_ms is 0 then
    std::int64_t commitments_open = 0;  ///< destinations that have not promised yet what they took
    std::int64_t patients = 1;          ///< of whom its images are, as its last report found
    std::int64_t revision = 0;          ///< how often an image of it was replaced
};

class Studies {
public:
    Studies(Database& db, const Clock& clock) : db_(db), clock_(clock) {}

    std::optional<Instance> instance(std::int64_t id);
    std::vector<Instance> instances(std::string_view study);

    /// Store what was said about an image and finish its job: one transaction. False: the lease was
    /// lost and the job is somebody else's; nothing changed. Make due reports afterwards.
    /// Crash points: infer.before_commit, infer.after_commit.
    bool record_verdict(const Job& job, std::string_view verdict, std::string_view result_json);

    /// Make a report job for every study that is complete and has no image waiting for its verdict.
    /// A job of the study that still waits (or is parked) will do; while one *runs*, the study
    /// stays open and gets the next one after it: call this again when a report job ends. So the
    /// reports of one study are made one after another, however many workers there are: each is
    /// kept before the job for the next is there. Returns how many studies have got their job;
    /// cheap when there are none. Any number of workers may call at once.
    ///
    /// An image without a verdict that a report job meets came after the job was made: leave it
    /// out, the study is open again and the next report, which supersedes this one, has it.
    ///
    /// A study that is due later than `longest_wait_ms` from now was dated by another clock: it is
    /// due now.
    std::int64_t make_due_reports(std::int64_t longest_wait_ms = JobQueue::kLongestWaitMs);

    /// When the next study becomes due; nothing when none that could be made now is open (one with
    /// an image waiting, or a report running, is nobody's to wait for by the clock).
    std::optional<std::int64_t> next_due_ms();

    /// The last report of this study in this rendering, for the Predecessor Documents Sequence; of
    /// the patient that it is filed under, or whose ever when that is empty.
    std::optional<Uid> last_report(std::string_view study, std::string_view rendering = "",
                                   std::string_view kind = "sr", std::string_view filed_under = "");

    /// The last reports, in one rendering, of studies of the same patient that came before this
    /// one, newest first; `patient` as NewResult::patient told, none for an empty one. Whose
    /// identifier says who issued it is the same patient in every tenant's studies, else in those
    /// of one tenant alone.
    std::vector<Uid> earlier_reports(std::string_view study, std::string_view patient,
                                     bool has_issuer, std::string_view rendering,
                                     std::int64_t at_most);

    /// Run a study again: its images get new infer jobs (but for those that have one waiting or
    /// running), a report follows. Old verdicts stand until the new ones come. `model`: the only
    /// package that is asked, by its name; empty: whichever takes the image. Returns how many
    /// images.
    std::int64_t retry(std::string_view study, std::string_view model = "");

    /// Images of this owner that wait for a verdict, without counting them.
    std::int64_t waiting(std::string_view owner);

    /// The keys of all studies of this Study Instance UID, whose ever they are.
    std::vector<std::string> of_uid(std::string_view study_uid);
    std::vector<StudyLine> recent(std::int64_t at_most);
    std::optional<StudyLine> line(std::string_view study);

private:
    Database& db_;
    const Clock& clock_;
};

}  // namespace bucky::storage
