// SPDX-License-Identifier: Apache-2.0
// Intake makes a received instance durable before its sender gets the status "success".
//
// The order is fixed: fsync temporary file -> rename -> fsync directory -> commit row, study and
// job in one transaction -> (the session answers 0x0000). A crash at any point leaves a whole
// instance or none; files that no row points at are taken in
// again (recover.h). Threads: one Intake per session
// thread; instances share only the database file.
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
    std::string transfer_syntax;   ///< UID, as negotiated: the bytes stay encoded in it
    std::string accession_number;  ///< to find the study by; may be empty
    std::string association;       ///< id of the association in the log
    std::string calling_ae, called_ae, peer_address;
    std::string tenant{};          ///< its queue: tenants take turns (turns.h)
    bool urgent = false;           ///< served before instances that are not urgent
    bool is_of_our_make = false;   ///< its equipment is this product: one of our objects
    std::string owner{};           ///< the tenant that owns it (conf/tenants.h); empty: none
    bool was_kept_before = false;  ///< its file was answered: it is never deleted (reingest.h)

    StudyKey key() const { return {study, owner}; }
};

struct Receipt {
    enum class Kept {
        fresh,        ///< new: stored, with a job
        again,        ///< the same instance is stored already; only refused results are due again
        conflicting,  ///< the UID is taken by other pixels: kept apart, in the journal, not
                      ///< analysed
        corrected,    ///< the same pixels with another header: stored, and current from now on
        own_result,   ///< an object of our make came back: not kept, no job
    };
    Kept kept;
    std::int64_t instance_id = 0;
};

/// When a study counts as complete. Only the report waits for it; the analysis of images never
/// does.
struct StudyTimes {
    std::int64_t quiet_ms = 3000;      ///< no image for this long
    std::int64_t ceiling_ms = 300000;  ///< or this long since its first image that is not reported
};

class Intake {
public:
    Intake(Database& db, Spool& spool, const Clock& clock, StudyTimes times, CopyRules copies = {})
        : db_(db), spool_(spool), clock_(clock), times_(times), copies_(std::move(copies)) {}

    /// Keeps `in`. Throws exhausted (disk) or unavailable; nothing is kept then.
    ///
    /// An instance whose SOP Instance UID is stored already is the same image when study, series,
    /// class and pixels agree. It is also the same image when only the transfer syntax differs: the
    /// standard requires a new UID for any change of content, lossy compression included (PS3.3
    /// C.7.6.1.1.5). Treating another encoding as a conflict would put a false alarm into every
    /// report of a PACS that recompresses.
    ///
    /// The outcome is `again` when the header says nothing new, else `corrected` (copies.h): the
    /// image is analysed anew, because models read headers, and every study that it concerns is due
    /// for another report. The journal records it. Anything else is `conflicting`. An owner's image
    /// is compared only with images of the same owner.
    ///
    /// Crash points: intake.after_sync, .after_rename, .before_commit, .after_commit.
    Receipt receive(const Received& in);

    /// The association ended: a study whose images all came in it is complete at once. A study with
    /// images from other associations waits for its quiet time: some modalities open an association
    /// for each image, and some send over several in parallel.
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

}  // namespace bucky::storage
