// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/coverage/coverage.h"

#include <algorithm>
#include <chrono>
#include <iterator>

#include <fmt/format.h>

#include "conf/aliases.h"
#include "conf/base/error.h"
#include "conf/dicom/exam_words.h"
#include "conf/run/wakeup.h"
#include "inference/findings_json.h"
#include "storage/job_queue.h"
#include "storage/journal.h"
#include "storage/lane.h"
#include "storage/studies.h"
#include "tools/bucky/shared/days.h"

namespace bucky {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kRadiographs{"CR", "DX"};

/// Images that may wait for analysis while another series is fetched.
constexpr std::int64_t kWaitingMax = 8;
constexpr auto kPause = 200ms;

struct Asking {
    const conf::Settings& settings;
    scp::Archive& archive;
    storage::Database& db;
    const Clock& clock;
    const CoverageQuery& query;
};

/// Why no image of the study was analysed: the words of the first that says any.
std::string why_not(storage::Studies& studies, const std::string& study) {
    for (const auto& image : studies.instances(study)) {
        if (image.conflicting) return "same UID as an earlier image, other content";
        if (image.result_json.empty()) continue;
        const auto result = inference::from_json(image.result_json);
        if (result.reason) return result.reason->text;
    }
    return "no reason was kept";
}

/// What this node knows of a study; `images` that it has of it.
struct Known {
    bool is_known = false;
    Covered covered = Covered::missing;
    std::string why{};
    std::int64_t images = 0;
};

Known known_of(const Asking& asking, const Uid& study) {
    storage::Studies studies{asking.db, asking.clock};
    Known known;
    for (const auto& key : studies.of_uid(study.str())) {
        const auto line = studies.line(key);
        if (!line || line->images == 0) continue;
        known.is_known = true;
        known.images += line->images;
        if (line->findings + line->no_findings > 0) {
            known.covered = Covered::analysed;
        } else if (line->pending > 0) {
            known.covered = Covered::waiting;
        } else if (known.covered == Covered::missing) {
            known.covered = Covered::not_analysed;
            known.why = why_not(studies, key);
        }
    }
    if (known.is_known) return known;
    storage::Journal journal{asking.db, asking.clock};
    if (!journal.studies_of_uid(study.str()).empty()) {  // it was here, and has left since
        known = {.is_known = true, .covered = Covered::analysed};
    }
    return known;
}

/// The radiographs of a study that this node does not have, or has in part.
void look_into(const Asking& asking, CoveredStudy& one, std::int64_t images_here) {
    const auto aliases = conf::aliases_for(asking.settings, "");
    std::int64_t archived = 0;
    bool is_other_part = false;
    for (const auto& series : asking.archive.series(one.study.study).rows) {
        if (!is_radiograph(series)) continue;
        if (!may_be_chest(series, aliases)) {
            is_other_part = true;
            continue;
        }
        one.radiographs.push_back(series.series);
        archived += series.images;
        if (one.device.empty()) one.device = series.station;
        if (one.device.empty()) one.device = series.manufacturer;
    }
    if (one.device.empty()) one.device = "an unnamed device";
    if (images_here == 0) {
        one.covered =
            one.radiographs.empty() && is_other_part ? Covered::other_part : Covered::missing;
    } else if (archived > images_here) {
        one.covered = Covered::partly;
        one.why = fmt::format("{} of {} images came", images_here, archived);
    }
}

/// Whether the study began so lately that its images may be on their way.
bool is_fresh(const Asking& asking, const scp::ArchivedStudy& study) {
    const auto border_ms = asking.clock.now_ms() - asking.query.grace_s * 1000;
    const auto border = dicom_moment(border_ms);
    return !study.date.empty() && study.date + study.time.substr(0, 6) > border;
}

std::string began(const scp::ArchivedStudy& study) {
    return shown_day(study.date, study.time);
}

}  // namespace

bool is_radiograph(const scp::ArchivedSeries& series) {
    return std::ranges::find(kRadiographs, series.modality) != kRadiographs.end();
}

bool may_be_chest(const scp::ArchivedSeries& series, const std::vector<ExamAlias>& aliases) {
    if (series.body_part.empty()) return true;
    const auto meaning =
        exam_meaning(explained(series.body_part, ExamAttribute::body_part, aliases));
    return meaning && meaning->region == "CHEST";
}

std::string_view word_of(Covered covered) {
    switch (covered) {
        case Covered::analysed: return "analysed";
        case Covered::not_analysed: return "not_analysed";
        case Covered::waiting: return "waiting";
        case Covered::partly: return "partly";
        case Covered::missing: return "missing";
        case Covered::other_part: return "other_part";
    }
    __builtin_unreachable();
}

std::size_t Coverage::count(Covered covered) const {
    return static_cast<std::size_t>(std::ranges::count(studies, covered, &CoveredStudy::covered));
}

std::vector<Trouble> Coverage::troubles() const {
    if (!no_answer.empty()) {
        return {{Concern::archive, archive,
                 fmt::format("archive {} could not be asked what came", archive), no_answer}};
    }
    struct OfDevice {
        std::size_t studies = 0;
        std::string since;
    };
    std::map<std::string, OfDevice> devices;
    for (const auto& one : studies) {  // by date and time, so that the first is the earliest
        if (one.covered != Covered::missing && one.covered != Covered::partly) continue;
        auto& device = devices[one.device];
        if (device.studies++ == 0) device.since = began(one.study);
    }
    std::vector<Trouble> all;
    for (const auto& [name, device] : devices) {
        all.push_back(
            {Concern::coverage, archive + ": " + name,
             fmt::format("{}: archive {} has {} stud{} of it since {} that never came whole; "
                         "`bucky coverage` names them, --backfill fetches them",
                         name, archive, device.studies, device.studies == 1 ? "y" : "ies",
                         device.since)});
    }
    if (is_cut) {
        all.push_back({Concern::coverage, archive,
                       fmt::format("archive {} has more studies of {} to {} than "
                                   "archive.matches_max: the rest was not compared",
                                   archive, shown_day(from), shown_day(to))});
    }
    return all;
}

std::string Coverage::summary() const {
    if (!no_answer.empty()) return fmt::format("archive {}: {}", archive, no_answer);
    return fmt::format(
        "archive {}, {} to {}: chest studies {}, {} analysed, {} not analysed, {} waiting, {} in "
        "part, {} never came",
        archive, shown_day(from), shown_day(to), studies.size() - count(Covered::other_part),
        count(Covered::analysed), count(Covered::not_analysed), count(Covered::waiting),
        count(Covered::partly), count(Covered::missing));
}

Coverage coverage_of(const conf::Settings& settings, const conf::ArchiveSettings& archive,
                     scp::Archive& asked, storage::Database& db, const Clock& clock,
                     const CoverageQuery& query) {
    const Asking asking{
        .settings = settings, .archive = asked, .db = db, .clock = clock, .query = query};
    auto found = asked.studies({.from = query.from, .to = query.to, .modalities = kRadiographs});
    Coverage coverage{.archive = archive.name,
                      .from = query.from,
                      .to = query.to,
                      .looked_at_ms = clock.now_ms(),
                      .studies = {},
                      .is_cut = found.is_cut,
                      .unfit = found.unfit};
    for (auto& study : found.rows) {
        auto known = known_of(asking, study.study);
        if (!known.is_known && is_fresh(asking, study)) continue;
        CoveredStudy one{.study = std::move(study),
                         .covered = known.covered,
                         .why = std::move(known.why),
                         .device = ""};
        // More than came: its results, which may lie there, or images that never came.
        const bool has_more = known.images > 0 && one.study.images > known.images;
        if (!known.is_known || (has_more && !is_fresh(asking, one.study))) {
            look_into(asking, one, known.images);
        }
        coverage.studies.push_back(std::move(one));
    }
    return coverage;
}

Backfilled backfill(const conf::Settings& settings, const Coverage& coverage, scp::Archive& asked,
                    storage::Database& db, const Clock& clock, const std::stop_token& stop,
                    const std::function<void(const CoveredStudy&)>& tell) {
    storage::JobQueue jobs{db, clock};
    Wakeup never;
    Backfilled done;
    for (const auto& one : coverage.studies) {
        if (one.covered != Covered::missing && one.covered != Covered::partly) continue;
        bool is_whole = !one.radiographs.empty();
        for (const auto& series : one.radiographs) {
            while (!stop.stop_requested() && jobs.open(storage::Lane::infer()) > kWaitingMax) {
                never.wait_beyond(0, stop, kPause);
            }
            if (stop.stop_requested()) return done;
            const auto fetched = asked.fetch(one.study.study, series, settings.node.ae_title);
            if (fetched.trouble.empty()) continue;
            is_whole = false;
            done.words = fetched.trouble;
        }
        ++(is_whole ? done.studies : done.failed);
        if (tell) tell(one);
    }
    return done;
}

}  // namespace bucky
