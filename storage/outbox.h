// SPDX-License-Identifier: Apache-2.0
// Outbox: results that must reach their destinations.
//
// put() makes the files durable first. Then one transaction writes the result rows, one deliver job
// per result and destination, and the end of the report job. A crash before it leaves files that
// recover() moves aside; a crash after it loses nothing. A result UID is put only once.
//
// make_again() is for a destination that does not accept an object's SOP class: the deliver job is
// removed, and the study is due for a report with the same content in a class that the destination
// accepts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/clock.h"
#include "conf/base/ids.h"
#include "storage/database.h"
#include "storage/job_queue.h"
#include "storage/spool.h"
#include "storage/unclaimed_files.h"

namespace bucky::storage {

/// A result object to keep: the bytes of a whole Part 10 file.
struct NewResult {
    Uid sop_instance, sop_class;
    std::string transfer_syntax;
    std::string kind;  ///< "sr", "overlay"
    std::span<const std::uint8_t> part10;
    std::string rendering = {};  ///< language or form; empty: it has only one
    /// The destinations that get it; nothing: all that put() is told of.
    std::optional<std::vector<std::string>> only_for = std::nullopt;
    std::string filed_under = {};  ///< the patient that it belongs to, as a digest
    std::string patient = {};      ///< how the patient is found again (Studies::earlier_reports)
};

struct Result {
    std::int64_t id = 0;  ///< later results have higher ids
    Uid sop_instance, sop_class;
    std::string study;  ///< its key: study_key.h
    std::string transfer_syntax, kind;
    std::filesystem::path file;  ///< absolute
    std::int64_t created_at_ms = 0;
    std::string rendering, filed_under;
};

class Outbox {
public:
    /// Results of this study that went, or are to go, to this destination are sent to it again, at
    /// once. Returns how many; 0 when it never had any. A parked or waiting one is due now.
    std::int64_t send_again(std::string_view study, std::string_view destination);

    /// Results that are not committed yet. Each is durable once it is added, so its bytes need not
    /// stay in memory until all are made. Results that are never put are removed.
    class Batch {
    public:
        explicit Batch(Outbox& outbox) : outbox_(outbox), files_(outbox.results_) {}
        void add(const NewResult& result);

        bool empty() const { return results_.empty(); }
        std::size_t size() const { return results_.size(); }
        const Uid& first() const { return results_.front().sop_instance; }

    private:
        friend class Outbox;
        Outbox& outbox_;
        UnclaimedFiles files_;
        std::vector<NewResult> results_;  ///< without their bytes
        std::vector<std::int64_t> sizes_bytes_;
    };

    Outbox(Database& db, Spool& results, const Clock& clock)
        : db_(db), results_(results), clock_(clock) {}

    /// A result that is stored already is not stored again, but gets the deliver jobs that it
    /// lacks. The study is then reported, unless images came while the job ran. False: the lease
    /// was lost and the job belongs to another worker; nothing was kept. `patients`: the number of
    /// patients that the study's images name.
    /// Crash points: outbox.after_files, outbox.before_commit, outbox.after_commit.
    bool put(const Job& report_job, Batch& batch, std::span<const std::string> destinations,
             std::int64_t patients = 1);
    bool put(const Job& report_job, std::span<const NewResult> results,
             std::span<const std::string> destinations);

    /// The destinations of this result, with the state of each delivery.
    std::vector<std::string> destinations_of(const Result& result);

    /// Moves the results that are filed under one digest to another digest of the same patient: a
    /// missing patient ID came with a later image.
    void refile(std::string_view study, std::string_view from, std::string_view to);

    /// Removes a running deliver job whose destination does not accept the object's class, and
    /// makes the study due for another report at once, in one transaction. False: the lease was
    /// lost; nothing changed.
    bool make_again(const Job& deliver_job, std::string_view why);

    /// When make_again() first took this object back from this destination; nothing: never.
    std::optional<std::int64_t> first_made_again_ms(const Job& deliver_job);

    std::optional<Result> result(std::string_view sop_instance);

    /// When the last image that a result covers came; for a study that was run again, when that was
    /// requested. 0: its images were removed.
    std::int64_t last_byte_ms(const Result& result);
    std::vector<Result> results_of_study(std::string_view study);

private:
    void insert_new(const Job& job, const Batch& batch, std::int64_t now_ms);
    void make_deliver_jobs(const Job& job, const NewResult& result,
                           std::span<const std::string> destinations, std::int64_t now_ms);

    Database& db_;
    Spool& results_;
    const Clock& clock_;
};

}  // namespace bucky::storage
