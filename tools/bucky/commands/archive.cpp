// SPDX-License-Identifier: Apache-2.0
#include "scp/query/archive.h"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "conf/aliases.h"
#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/file/read.h"
#include "scp/deliver/echo.h"
#include "scp/wire/start.h"
#include "scp/wire/target.h"
#include "storage/site.h"
#include "storage/studies.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/pipeline/archived_priors.h"
#include "tools/bucky/sandbox/decoder_pool.h"
#include "tools/bucky/shared/days.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

struct Options {
    std::string name;
    std::string date, since;
    std::vector<std::string> modalities{"CR", "DX"};
    std::string study;
    bool all_series = false;
    std::shared_ptr<std::filesystem::path> config;
};

const conf::ArchiveSettings& archive_of(const conf::Settings& settings, const Options& options) {
    std::vector<std::string> known;
    for (const auto& archive : settings.archives) {
        if (archive.name == options.name) return archive;
        known.push_back(archive.name);
    }
    throw Error(Fault::bad_input, "no [[archive]] of {} is named {}{}{}", options.config->string(),
                options.name, known.empty() ? "" : ", but ", fmt::join(known, ", "));
}

int echo(const Options& options) {
    const auto settings = conf::read_settings(*options.config);
    const auto& archive = archive_of(settings, options);
    scp::start_wire();
    const auto reply = scp::echo(scp::target_of(archive), settings.node.ae_title);
    std::cout << fmt::format("{} at {}:{} answered with status 0x{:04x} in {:.1f} ms\n",
                             archive.ae_title.str(), archive.host, archive.port, reply.status,
                             reply.round_trip_ms);
    // The query of no study: whether C-FIND is permitted, and what else is missing.
    scp::Archive asked{archive, settings.node.ae_title};
    (void)asked.studies({.from = "", .to = "", .modalities = {}, .study = Uid{"2.25.0"}});
    std::cout << "It answers queries (C-FIND, study root).\n";
    return reply.status == 0 ? 0 : 1;
}

/// The whole of today, where neither a day nor a study is named.
scp::StudyQuery query_of(const Options& options) {
    const auto now_ms = SystemClock{}.now_ms();
    scp::StudyQuery query{.from = "", .to = "", .modalities = options.modalities};
    if (!options.study.empty()) {
        query.study = Uid{options.study};
        query.modalities.clear();
    } else if (!options.date.empty()) {
        query.from = query.to = parse_day(options.date);
    } else {
        query.to = dicom_day(now_ms);
        query.from =
            options.since.empty() ? query.to : dicom_day(now_ms - parse_span_ms(options.since));
    }
    return query;
}

template <typename Row>
void print_left_out(const scp::Found<Row>& found, std::int64_t matches_max) {
    if (found.is_cut) {
        std::cout << fmt::format(
            "There are more: only {} matches of a query are read "
            "(archive.matches_max). Ask for fewer days.\n",
            matches_max);
    }
    if (found.unfit > 0) {
        std::cout << fmt::format("{} answers did not fit the query and are left out.\n",
                                 found.unfit);
    }
}

int find(const Options& options) {
    const auto settings = conf::read_settings(*options.config);
    const auto& archive = archive_of(settings, options);
    scp::start_wire();
    scp::Archive asked{archive, settings.node.ae_title};
    const auto found = asked.studies(query_of(options));
    Table table{
        {{"DATE"}, {"MODALITIES"}, {"IMAGES", Align::right}, {"ACCESSION NUMBER"}, {"STUDY"}}};
    const auto or_dash = [](std::string text) { return text.empty() ? "-" : printable(text); };
    for (const auto& study : found.rows) {
        table.row({printable(shown_day(study.date, study.time)),
                   or_dash(fmt::format("{}", fmt::join(study.modalities, ","))),
                   study.images == 0 ? "-" : std::to_string(study.images),
                   or_dash(study.accession_number), study.study.str()});
    }
    if (table.empty()) {
        std::cout << "The archive names no such study.\n";
    } else {
        std::cout << table.text();
    }
    print_left_out(found, archive.matches_max);
    return found.rows.empty() ? 1 : 0;
}

/// One image of a study that this node has, as its header says it.
dicom_sr::Source image_of(const conf::Settings& settings, const Uid& study) {
    const SystemClock clock;
    auto db = storage::Site{settings.node.data_dir}.open(storage::Database::Mode::read_only);
    storage::Studies studies{db, clock};
    for (const auto& key : studies.of_uid(study.str())) {
        for (const auto& image : studies.instances(key)) {
            if (image.conflicting || image.replaced) continue;
            DecoderPool decoders{1};
            return decoders.source(settings.spool_dir() / image.file);
        }
    }
    throw Error(Fault::bad_input, "this node has no image of study {}", study.str());
}

/// Earlier chest films of the patient of a study that is here.
int priors(const Options& options) {
    const auto settings = conf::read_settings(*options.config);
    const auto& archive = archive_of(settings, options);
    scp::start_wire();
    const auto now = image_of(settings, Uid{options.study});
    scp::Archive asked{archive, settings.node.ae_title};
    const auto found = archived_priors(asked, now, conf::aliases_for(settings, ""));
    if (found.empty()) {
        std::cout << "The archive names no earlier chest film of this patient.\n";
        return 1;
    }
    Table table{{{"DATE"}, {"ACCESSION NUMBER"}, {"STUDY"}}};
    for (const auto& study : found) {
        table.row({printable(shown_day(study.date, study.time)),
                   study.accession_number.empty() ? "-" : printable(study.accession_number),
                   study.study.str()});
    }
    std::cout << table.text();
    return 0;
}

int fetch(const Options& options) {
    const auto settings = conf::read_settings(*options.config);
    const auto& archive = archive_of(settings, options);
    const Uid study{options.study};
    scp::start_wire();
    scp::Archive asked{archive, settings.node.ae_title};
    const auto series = asked.series(study);
    unsigned sent = 0, left_out = 0, troubles = 0;
    for (const auto& one : series.rows) {
        const bool is_radiograph = one.modality == "CR" || one.modality == "DX";
        if (!is_radiograph && !options.all_series) {
            ++left_out;
            continue;
        }
        const auto fetched = asked.fetch(study, one.series, settings.node.ae_title);
        sent += fetched.sent;
        if (fetched.trouble.empty()) continue;
        ++troubles;
        std::cout << fmt::format("series {}: {}\n", one.series.str(), printable(fetched.trouble));
    }
    print_left_out(series, archive.matches_max);
    if (series.rows.empty()) std::cout << "The archive names no such study.\n";
    if (left_out > 0) {
        std::cout << fmt::format(
            "{} series other than CR and DX left out; --all-series fetches "
            "them\n",
            left_out);
    }
    std::cout << fmt::format("{} sent {} image{} of {} to {}\n", archive.name, sent,
                             sent == 1 ? "" : "s", study.str(), settings.node.ae_title.str());
    return troubles == 0 && sent > 0 ? 0 : 1;
}

}  // namespace

void add_archive(CLI::App& app, int& exit_status) {
    auto* command = app.add_subcommand(
        "archive", "Ask an [[archive]] which studies it has, and fetch one from it");
    command->require_subcommand(1);
    const auto options = std::make_shared<Options>();
    options->config = config_option(*command);
    const auto add = [&](const char* name, const char* sentence, int (*run)(const Options&)) {
        auto* made = command->add_subcommand(name, sentence);
        made->add_option("ARCHIVE", options->name, "Name of an [[archive]]")
            ->required()
            ->type_name("");
        made->callback([options, run, &exit_status] { exit_status = run(*options); });
        return made;
    };
    add("echo", "Does it answer, and does it permit queries", echo);

    auto* found = add("find", "Its CR and DX studies of today, or of another time", find);
    auto* date = found->add_option("--date", options->date, "Of this day, such as 2026-11-30")
                     ->type_name("DAY");
    auto* since = found->add_option("--since", options->since, "From so long ago on: 7d, 12h")
                      ->type_name("TIME")
                      ->excludes(date);
    found->add_option("--modality", options->modalities, "Studies with one of these")
        ->type_name("MODALITY")
        ->delimiter(',');
    found->add_option("--study", options->study, "Only the study with this UID")
        ->type_name("UID")
        ->excludes(date)
        ->excludes(since);

    auto* fetched = add("fetch", "Let it send the CR and DX series of a study to this node", fetch);
    add("priors", "The newest two earlier chest films of the patient of a study that is here",
        priors)
        ->add_option("STUDY", options->study, "Study Instance UID")
        ->required()
        ->type_name("");
    fetched->add_option("STUDY", options->study, "Study Instance UID")->required()->type_name("");
    fetched->add_flag("--all-series", options->all_series, "Series of other modalities, too");
}

}  // namespace bucky
