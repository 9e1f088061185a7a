// SPDX-License-Identifier: Apache-2.0
// Studies: which images belong together, what was said about each, and when a report is due.
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

namespace bucky::storage {

struct Instance {
    std::int64_t id = 0;
    Uid sop_instance, sop_class, study, series;
    std::string transfer_syntax;
    std::string file;  ///< relative to the spool
    std::int64_t bytes = 0;
    std::string calling_ae, called_ae, peer_address;
    std::int64_t received_at_ms = 0;
    bool conflicting = false;           ///< same UID, other bytes, came later: not analysed
    std::string verdict;                ///< empty until there is one
    std::string result_json;            ///< inference::to_json; empty until there is one
    std::int64_t analysed_at_ms = 0;
};

struct StudyLine {
    std::string study, accession_number;
    std::int64_t images = 0, pending = 0, findings = 0, not_analysed = 0, failed = 0;
    std::int64_t first_image_ms = 0, last_image_ms = 0, reported_at_ms = 0, delivered_at_ms = 0;
    std::int64_t deliveries_open = 0;
};

class Studies {
public:
    Studies(Database& db, const Clock& clock) : db_(db), clock_(clock) {}

    std::optional<Instance> instance(std::int64_t id);
    std::vector<Instance> instances(std::string_view study);

    /// Store what was said about an image and finish its job: one transaction.
    /// Crash points: infer.before_commit, infer.after_commit.
    void record_verdict(const Job& job, std::string_view verdict, std::string_view result_json);

    /// Make a report job for every study that is complete and has no image waiting for its verdict.
    /// Returns how many; cheap when there are none.
    std::int64_t make_due_reports();

    /// When the next study may become due; nothing when none is open.
    std::optional<std::int64_t> next_due_ms();

    /// The last report of this study, for the Predecessor Documents Sequence.
    std::optional<Uid> last_report(std::string_view study);

    /// Run a study again: its images get new infer jobs, a report follows. Returns how many images.
    std::int64_t retry(std::string_view study);

    std::vector<StudyLine> recent(std::int64_t at_most);
    std::optional<StudyLine> line(std::string_view study);

private:
    Database& db_;
    const Clock& clock_;
};

}  // namespace bucky::storage
