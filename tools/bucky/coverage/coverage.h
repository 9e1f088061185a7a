// SPDX-License-Identifier: Apache-2.0
// Coverage: the CR and DX chest studies of an archive against what this node knows of them, so that
// a study that never came is missed. A study whose series name another part of the body is counted
// apart; one that names none is taken for a chest. No patient data is asked for. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "conf/base/clock.h"
#include "conf/dicom/exam_words.h"
#include "conf/observe/trouble.h"
#include "conf/settings.h"
#include "scp/query/archive.h"
#include "storage/database.h"

namespace bucky {

enum class Covered {
    analysed,      ///< at least one image has an answer; also a study that has left since
    not_analysed,  ///< every image was refused or failed
    waiting,       ///< an image waits for its verdict
    partly,        ///< images of it never came
    missing,       ///< it never came
    other_part,    ///< it never came, and its series say that it is no chest
};
std::string_view word_of(Covered covered);

/// CR or DX.
bool is_radiograph(const scp::ArchivedSeries& series);

/// Its Body Part Examined names the chest, or nothing.
bool may_be_chest(const scp::ArchivedSeries& series, const std::vector<ExamAlias>& aliases);

struct CoveredStudy {
    scp::ArchivedStudy study;
    Covered covered = Covered::missing;
    std::string why;     ///< of not_analysed; of partly how many came
    std::string device;  ///< of missing and partly: its station name, or its manufacturer
    std::vector<Uid> radiographs{};  ///< of missing and partly: the series to fetch
};

struct Coverage {
    std::string archive;
    std::string from, to;  ///< YYYYMMDD
    std::int64_t looked_at_ms = 0;
    std::vector<CoveredStudy> studies;
    bool is_cut = false;      ///< the archive has more than archive.matches_max
    std::size_t unfit = 0;    ///< answers that did not fit
    std::string no_answer{};  ///< why the archive could not be asked; nothing else counts then

    std::size_t count(Covered covered) const;
    std::size_t never_came() const { return count(Covered::missing) + count(Covered::partly); }

    /// "XRAY2 has sent nothing since 2026-11-30 09:12, but the archive has 14 studies of it", one
    /// for each device of studies that never came.
    std::vector<Trouble> troubles() const;
    std::string summary() const;  ///< one line
};

struct CoverageQuery {
    std::string from, to;        ///< YYYYMMDD, both included
    std::int64_t grace_s = 900;  ///< a study that began later may be on its way
};

/// Throws what scp::Archive throws; nothing is known then.
Coverage coverage_of(const conf::Settings& settings, const conf::ArchiveSettings& archive,
                     scp::Archive& asked, storage::Database& db, const Clock& clock,
                     const CoverageQuery& query);

struct Backfilled {
    std::size_t studies = 0;  ///< that the archive sent whole
    std::size_t failed = 0;
    std::string words{};  ///< of the last that failed
};

/// Lets the archive send what never came, one series at a time, and only while few images wait for
/// analysis: today's go first. `tell` is called after each study.
Backfilled backfill(const conf::Settings& settings, const Coverage& coverage, scp::Archive& asked,
                    storage::Database& db, const Clock& clock, const std::stop_token& stop,
                    const std::function<void(const CoveredStudy&)>& tell = {});

}  // namespace bucky
