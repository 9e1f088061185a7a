// SPDX-License-Identifier: Apache-2.0
// Intake makes a received instance durable before its sender is told "success".
//
// Order is the promise: fsync temp file -> rename -> fsync directory -> commit row, study and job
// in one transaction -> (the session answers 0x0000). A crash at any point leaves a whole instance
// or none; recover() sweeps what no row points at. Threads: one Intake per session thread;
// instances share nothing but the database file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "conf/base/clock.h"
#include "conf/base/ids.h"
#include "storage/copies.h"
#include "storage/database.h"
#include "storage/spool.h"
#include "storage/study_key.h"

namespace bucky::storage {

/// What the session knows of an instance once its bytes are in the temporary file.
struct Received {
    Incoming& file;
    Uid sop_instance, sop_class, study, series;
    std::string transfer_syntax;   ///< UID, as negotiated: the bytes are kept in it
    std::string accession_number;  ///< for people who look for a study; may be empty
    std::string association;       ///< id of the association in the log
    std::string calling_ae, called_ae, peer_address;
    std::string tenant{};         ///< on whose account it waits: tenants take turns (turns.h)
    bool urgent = false;          ///< goes before what is not
    bool is_of_our_make = false;  ///< its equipment is this product: an object of ours, come back
    std::string owner{};  ///< the tenant whose image it is (conf/tenants.h); empty: nobody's

    StudyKey key() const { return {study, owner}; }
};

struct Receipt {
    enum class Kept {
        fresh,        ///< new: stored, a job made
        again,        ///< the same instance is here already: nothing new is kept, and nothing done
                      ///< but that results which a destination refused are due again
        conflicting,  ///< the UID was here with other bytes: kept apart, told in the journal, not
                      ///< analysed
        corrected,    ///< the same pixels with another header: stored, and stands from now on
        own_result,   ///< an object of our make came back: not kept, nothing to do
    };
    Kept kept;
    std::int64_t instance_id = 0;
};

/// When a study counts as complete (promise 6: pixels never wait for it, only the report does).
struct StudyTimes {
    std::int64_t quiet_ms = 3000;      ///< no image for so long
    std::int64_t ceiling_ms = 300000;  ///< or so long since its first unreported image
};

class Intake {
public:
    Intake(Database& db, Spool& spool, const Clock& clock, StudyTimes times, CopyRules copies = {})
        : db_(db), spool_(spool), clock_(clock), times_(times), copies_(std::move(copies)) {}

    /// Keep `in`. Throws exhausted (disk) or unavailable; nothing is kept then.
    ///
    /// A SOP Instance UID that is here already is the same image when study, series, class and
    /// pixels agree, and also
    /// when the transfer syntax differs: the standard wants a new UID for any change of content,
    /// lossy compression included (PS3.3 C.7.6.1.1.5), so another encoding under the same UID is
    /// the same image, and holding it for a conflict would put a false alarm into every report of a
    /// PACS that recompresses. It is `again` when its header says nothing new, else `corrected`
    /// (copies.h): then it is analysed anew, for models go by headers, and every study that it
    /// concerns is due for another report. The journal tells it. Anything else is `conflicting`. An
    /// owner's image is compared with its own alone: the same instance of another owner's is
    /// another image. Crash points: intake.after_sync, .after_rename, .before_commit,
    /// .after_commit.
    Receipt receive(const Received& in);

    /// The association ended: a study that came in it alone is complete at once. One of which
    /// images came in others, too, waits for its quiet time: some modalities open an association
    /// for each image, and some send over several at a time.
    void association_ended(const std::string& association);

private:
    bool is_own_result(const Received& in);
    struct Standing;
    struct Decision;
    std::optional<Standing> standing(const Received& in);
    std::string pixels_of(const Standing& stands);
    Decision decide(const Received& in, const std::filesystem::path& arrived);
    Decision conflict_or_again(const Received& in, const Standing& stands,
                               const std::string& pixels);
    Receipt answer_again(const Received& in, const Decision& decision);
    void make_due_anew(const std::string& study, std::int64_t now_ms);
    void replace(const Received& in, const Standing& stands, std::int64_t now_ms);
    std::int64_t insert(const Received& in, const std::string& file, std::int64_t size_bytes,
                        const Decision& decision, std::int64_t now_ms);

    Database& db_;
    Spool& spool_;
    const Clock& clock_;
    StudyTimes times_;
    CopyRules copies_;
};

/// Before anything else runs: unlink temporary and orphaned files, make running jobs ready again.
/// Looks only at what a crash can have left, never at history. Returns how many of each, and of the
/// jobs those in the lanes "infer" and "report".
/// Throws corrupt, and unlinks nothing, when there are more orphans than any crash leaves: then the
/// database was removed or restored from an older copy, and those files may be all there is.
struct Recovered {
    std::int64_t files_swept = 0;
    std::int64_t jobs_returned = 0;
    std::int64_t images_returned = 0, reports_returned = 0;
};
Recovered recover(Database& db, const std::filesystem::path& data_dir, const Clock& clock);

}  // namespace bucky::storage
