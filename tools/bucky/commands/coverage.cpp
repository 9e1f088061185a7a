// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/coverage/coverage.h"

#include <algorithm>
#include <iostream>
#include <map>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "conf/base/error.h"
#include "conf/file/read.h"
#include "scp/wire/start.h"
#include "storage/site.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/shared/days.h"
#include "tools/bucky/shared/progress.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

struct Options {
    std::string archive, since = "1d", date;
    bool backfill = false;
    std::shared_ptr<std::filesystem::path> config;
};

CoverageQuery query_of(const Options& options, const Clock& clock) {
    if (!options.date.empty()) {
        const auto day = parse_day(options.date);
        return {.from = day, .to = day};
    }
    const auto now_ms = clock.now_ms();
    return {.from = dicom_day(now_ms - parse_span_ms(options.since)), .to = dicom_day(now_ms)};
}

void print(const Coverage& coverage) {
    std::cout << printable(coverage.summary()) << '\n';
    if (const auto others = coverage.count(Covered::other_part); others > 0) {
        std::cout << fmt::format("{} more name another part of the body\n", others);
    }
    std::map<std::string, std::size_t> reasons;
    for (const auto& one : coverage.studies) {
        if (one.covered == Covered::not_analysed) ++reasons[one.why];
    }
    if (!reasons.empty()) std::cout << "\nNot analysed\n";
    for (const auto& [why, studies] : reasons) {
        std::cout << fmt::format("  {:>5}  {}\n", studies, printable(why));
    }
    Table table{{{"DATE"}, {"DEVICE"}, {"ACCESSION NUMBER"}, {"CAME"}, {"STUDY"}}};
    for (const auto& one : coverage.studies) {
        if (one.covered != Covered::missing && one.covered != Covered::partly) continue;
        const auto& number = one.study.accession_number;
        table.row({printable(shown_day(one.study.date, one.study.time)), printable(one.device),
                   number.empty() ? "-" : printable(number),
                   one.covered == Covered::missing ? "never" : printable(one.why),
                   one.study.study.str()});
    }
    if (!table.empty()) std::cout << '\n' << table.text();
    for (const auto& trouble : coverage.troubles()) {
        std::cout << '\n' << wrapped("! ", printable(sentence(trouble)));
    }
}

/// Whether all came.
bool look(const Options& options, const conf::Settings& settings,
          const conf::ArchiveSettings& archive) {
    const SystemClock clock;
    storage::Database db =
        storage::Site{settings.node.data_dir}.open(storage::Database::Mode::read_only);
    scp::Archive asked{archive, settings.node.ae_title};
    const auto coverage =
        coverage_of(settings, archive, asked, db, clock, query_of(options, clock));
    print(coverage);
    if (coverage.never_came() == 0) return !coverage.is_cut;
    if (!options.backfill) return false;
    const auto done = backfill(settings, coverage, asked, db, clock, {});
    std::cout << fmt::format("\n{} sent {} of {} studies{}{}\n", archive.name, done.studies,
                             coverage.never_came(),
                             done.words.empty() ? "" : "; last words: ", printable(done.words));
    return done.failed == 0;
}

int run(const Options& options) {
    const auto settings = conf::read_settings(*options.config);
    scp::start_wire();
    bool all = true, any = false;
    for (const auto& archive : settings.archives) {
        if (!options.archive.empty() && archive.name != options.archive) continue;
        if (any) std::cout << '\n';
        any = true;
        all = look(options, settings, archive) && all;
    }
    if (!any) {
        throw Error(Fault::bad_input, "{} has no [[archive]]{}{}", options.config->string(),
                    options.archive.empty() ? "" : " named ", options.archive);
    }
    return all ? 0 : 1;
}

}  // namespace

void add_coverage(CLI::App& app, int& exit_status) {
    auto* command = app.add_subcommand(
        "coverage", "Which chest studies of an [[archive]] were analysed, and which never came");
    const auto options = std::make_shared<Options>();
    options->config = config_option(*command);
    command->add_option("--archive", options->archive, "Only this [[archive]]")->type_name("NAME");
    auto* since = command->add_option("--since", options->since, "From so long ago on: 7d, 12h")
                      ->type_name("TIME")
                      ->capture_default_str();
    command->add_option("--date", options->date, "Of this day, such as 2026-11-30")
        ->type_name("DAY")
        ->excludes(since);
    command->add_flag("--backfill", options->backfill,
                      "Let the archive send what never came, while the models have time");
    command->callback([options, &exit_status] { exit_status = run(*options); });
}

}  // namespace bucky
