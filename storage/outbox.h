// SPDX-License-Identifier: Apache-2.0
// Outbox: results that must reach their destinations.
//
// put() makes the files durable first, then writes the result rows, one deliver job per result and
// destination, and the end of the report job in one transaction: a crash before it leaves files
// that recover() sweeps, a crash after it loses nothing. The same result UID is put once.
//
// make_again() is the way back: a destination has said that it does not take an object's class, so
// its deliver job goes and the study is due for a report that says the same in a class it takes.
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

namespace bucky::storage {

/// A result object to keep: bytes of a whole Part 10 file.
struct NewResult {
    Uid sop_instance, sop_class;
    std::string transfer_syntax;
    std::string kind;  ///< "sr", "overlay"
    std::span<const std::uint8_t> part10;
    std::string rendering = {};  ///< in words; empty: the one that needs none
    /// The destinations that get it; nothing: all that put() is told of.
    std::optional<std::vector<std::string>> only_for = std::nullopt;
};

struct Result {
    Uid sop_instance, sop_class;
    std::string study;  ///< its key: study_key.h
    std::string transfer_syntax, kind;
    std::filesystem::path file;  ///< absolute
    std::int64_t created_at_ms = 0;
};

/// The journal's word for what make_again() does.
inline constexpr std::string_view kTakenBackEvent = "result.taken_back";

class Outbox {
public:
    Outbox(Database& db, Spool& results, const Clock& clock)
        : db_(db), results_(results), clock_(clock) {}

    /// A result that is here already is not stored again, but gets the deliver jobs that it lacks.
    /// The study is reported then, unless images came while the job ran. False: the lease was lost
    /// and the job is somebody else's; nothing was kept.
    /// Crash points: outbox.after_files, outbox.before_commit, outbox.after_commit.
    /// `patient` is how the study's patient is known again (Studies::earlier_reports).
    bool put(const Job& report_job, std::span<const NewResult> results,
             std::span<const std::string> destinations, std::string_view patient = "");

    /// Takes back a running deliver job whose destination does not take the object's class, and
    /// makes the study due for another report at once: one transaction. False: the lease was lost,
    /// nothing changed.
    bool make_again(const Job& deliver_job, std::string_view why);

    std::optional<Result> result(std::string_view sop_instance);

    /// When the last image that a result can tell of had come; of a study that was run again, when
    /// that was asked for. 0: its images have left.
    std::int64_t last_byte_ms(const Result& result);
    std::vector<Result> results_of_study(std::string_view study);

private:
    void insert_new(const Job& job, std::span<const NewResult> results,
                    std::span<const std::string> files, std::int64_t now_ms);
    void make_deliver_jobs(const Job& job, const NewResult& result,
                           std::span<const std::string> destinations, std::int64_t now_ms);

    Database& db_;
    Spool& results_;
    const Clock& clock_;
};

}  // namespace bucky::storage
