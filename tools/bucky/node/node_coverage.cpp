// SPDX-License-Identifier: Apache-2.0
// The node asks its archives what they have, and compares.
#include "storage/site.h"
#include "tools/bucky/node/node_state.h"
#include "tools/bucky/shared/days.h"
#include "tools/bucky/shared/priority.h"

namespace bucky {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

/// How often the time of each archive is looked at, and how soon one is asked again that did not
/// answer, or has been told to send what never came.
constexpr std::chrono::seconds kIdle{60};
constexpr std::int64_t kAgainMs = 5LL * 60 * 1000;

void show(const Coverage& coverage) {
    metrics::set("bucky_archive_answers", coverage.no_answer.empty() ? 1 : 0,
                 {{"archive", coverage.archive}});
    if (!coverage.no_answer.empty()) return;
    for (const auto covered : {Covered::analysed, Covered::not_analysed, Covered::waiting,
                               Covered::partly, Covered::missing, Covered::other_part}) {
        metrics::set("bucky_archive_studies", static_cast<double>(coverage.count(covered)),
                     {{"archive", coverage.archive}, {"state", std::string{word_of(covered)}}});
    }
}

}  // namespace

/// Since yesterday: a study at midnight is not lost between two days.
Coverage Node::Impl::cover(const conf::Settings& told, const conf::ArchiveSettings& archive,
                           const std::stop_token& stop) {
    const auto now_ms = clock.now_ms();
    const CoverageQuery query{.from = dicom_day(now_ms - kDayMs), .to = dicom_day(now_ms)};
    try {
        storage::Database db =
            storage::Site{told.node.data_dir}.open(storage::Database::Mode::existing);
        scp::Archive asked{archive, told.node.ae_title, give_up.get()};
        auto made = coverage_of(told, archive, asked, db, clock, query);
        log::event(made.never_came() == 0 ? log::Level::info : log::Level::warning,
                   "archive.compared", {{"archive", archive.name}, {"words", made.summary()}});
        if (archive.backfill && made.never_came() > 0) {
            const auto done = backfill(told, made, asked, db, clock, stop);
            log::event("archive.backfilled", {{"archive", archive.name},
                                              {"studies", done.studies},
                                              {"failed", done.failed},
                                              {"words", done.words}});
        }
        return made;
    } catch (const Error& error) {  // a trouble until the next time
        log::event(log::Level::warning, "archive.silent",
                   {{"archive", archive.name}, {"words", error.what()}});
        return {.archive = archive.name,
                .from = query.from,
                .to = query.to,
                .looked_at_ms = now_ms,
                .studies = {},
                .no_answer = error.what()};
    }
}

void Node::Impl::keep_coverage(const std::stop_token& stop) {
    lower_priority();
    std::map<std::string, std::int64_t> due_at;  // steady, by archive
    auto seen = look_at_archives.rings();
    while (!stop.stop_requested()) {
        if (const auto rings = look_at_archives.rings(); rings != seen) {
            seen = rings;
            due_at.clear();
        }
        const auto told = settings();
        std::vector<Coverage> all;
        for (const auto& archive : told->archives) {
            auto& due_ms = due_at[archive.name];
            const bool is_due = archive.coverage_minutes > 0 && clock.steady_ms() >= due_ms;
            if (is_due && !stop.stop_requested()) {
                all.push_back(cover(*told, archive, stop));
                show(all.back());
                const auto period_ms = archive.coverage_minutes * 60'000;
                const bool is_soon = !all.back().no_answer.empty() ||
                                     (archive.backfill && all.back().never_came() > 0);
                due_ms = clock.steady_ms() + (is_soon ? std::min(period_ms, kAgainMs) : period_ms);
                continue;
            }
            for (auto& one : compared()) {
                if (one.archive == archive.name) all.push_back(std::move(one));
            }
        }
        {
            const MutexLock guard(coverage_mutex);
            coverage = std::move(all);
        }
        look_at_archives.wait_beyond(seen, stop, kIdle);
    }
}

std::vector<Coverage> Node::Impl::compared() const {
    const MutexLock guard(coverage_mutex);
    return coverage;
}

}  // namespace bucky
