// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <sys/resource.h>
#include <CLI/CLI.hpp>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/file/read.h"
#include "conf/observe/log.h"
#include "scp/wire/start.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/engine/gate_options.h"
#include "tools/bucky/engine/model_purposes.h"
#include "tools/bucky/retrospective/archive_source.h"
#include "tools/bucky/retrospective/page.h"
#include "tools/bucky/retrospective/run.h"
#include "tools/bucky/retrospective/truth.h"
#include "tools/bucky/shared/days.h"
#include "tools/bucky/shared/files.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAeTitleMax = 16;

struct Asked {
    std::string archive, from, to, ae_title, device = "cpu";
    fs::path folder, out = "bucky-audit", truth;
    std::vector<std::string> models;
    std::size_t sample = 2000;
    std::int64_t port = 0;
    int nice = 10;
    bool accession_numbers = false, keep = false;
};

/// Whatever else runs here goes first: this process, and the decoder that it starts.
void step_back(int nice) {
    (void)::setpriority(PRIO_PROCESS, 0, nice);
}

conf::Settings settings_of(const Asked& asked, const fs::path& config) {
    const bool needs_none = asked.archive.empty() && !asked.models.empty();
    if (needs_none && !fs::exists(config)) return {};
    return conf::read_settings(config);
}

/// A folder, or the name of a package of the config.
fs::path folder_of(const std::string& model, const conf::Settings& settings) {
    if (fs::is_directory(model)) return fs::canonical(model);
    std::vector<std::string> known;
    for (const auto& folder : settings.inference.models) {
        known.push_back(inference::read_package(folder).identity.name);
        if (known.back() == model) return folder;
    }
    throw Error(Fault::bad_input,
                "--model {}: no such folder, and the config has no such model{}{}", model,
                known.empty() ? "" : ", but ", fmt::format("{}", fmt::join(known, ", ")));
}

/// Those that were named, else the first of the config that reports, with the first in the shadow
/// as its candidate.
std::vector<fs::path> models_of(const Asked& asked, const conf::Settings& settings) {
    std::vector<fs::path> folders;
    for (const auto& model : asked.models) folders.push_back(folder_of(model, settings));
    if (!folders.empty()) return folders;
    const auto& all = settings.inference.models;
    for (const bool shadow : {false, true}) {
        const auto found = std::ranges::find_if(
            all, [&](const auto& folder) { return is_shadow(settings, folder) == shadow; });
        if (found != all.end()) folders.push_back(*found);
    }
    if (folders.empty()) throw Error(Fault::bad_input, "no model: name a package with --model");
    return folders;
}

/// As the node has it; where no node is configured, the one beside the models, which refuses.
inference::GateOptions gate_of(const conf::Settings& settings,
                               const std::vector<fs::path>& models) {
    if (!settings.inference.models.empty()) return gate_options(settings.inference);
    const auto folder = inference::gate_beside(models);
    return {fs::exists(folder / "model.toml") ? GateMode::refuse : GateMode::off, folder};
}

AeTitle own_title(const Asked& asked, const conf::Settings& settings) {
    if (!asked.ae_title.empty()) return AeTitle{asked.ae_title};
    constexpr std::string_view kTail = "_AUDIT";
    return AeTitle{settings.node.ae_title.str().substr(0, kAeTitleMax - kTail.size()) +
                   std::string{kTail}};
}

const conf::ArchiveSettings& archive_of(const conf::Settings& settings, const std::string& name) {
    const auto found = std::ranges::find(settings.archives, name, &conf::ArchiveSettings::name);
    if (found == settings.archives.end()) {
        throw Error(Fault::bad_input, "the config has no [[archive]] named {}", name);
    }
    return *found;
}

struct From {
    std::string words;  ///< "pacs, 2025-01-01 to 2025-12-31"
    std::unique_ptr<AuditSource> source;
};

From source_of(const Asked& asked, const conf::Settings& settings) {
    if (asked.archive.empty()) {
        const auto folder = fs::canonical(asked.folder);
        return {folder.string(), std::make_unique<FolderSource>(folder)};
    }
    const auto& archive = archive_of(settings, asked.archive);
    if (asked.port == 0) {
        throw Error(Fault::bad_input,
                    "name a free port with --port: the archive sends the images to AE title {} on "
                    "it, and must know that title",
                    own_title(asked, settings).str());
    }
    ArchiveSourceOptions options{.from = parse_day(asked.from),
                                 .to = parse_day(asked.to),
                                 .ae_title = own_title(asked, settings),
                                 .port = asked.port,
                                 .landing = fs::absolute(asked.out) / "images",
                                 .keep = asked.keep};
    auto words =
        fmt::format("{}, {} to {}", archive.name, shown_day(options.from), shown_day(options.to));
    return {std::move(words), std::make_unique<ArchiveSource>(settings, archive, options)};
}

std::vector<std::string> remarks_of(const Asked& asked, const AuditLedger& ledger) {
    std::vector<std::string> remarks{fmt::format("Made {} by bucky " BUCKY_VERSION
                                                 ". Nothing was sent, and nothing is in the "
                                                 "node's records.",
                                                 utc_second(SystemClock{}.now_ms()))};
    const auto& plan = ledger.plan();
    remarks.push_back(
        plan.ids.size() > plan.sample
            ? fmt::format("A random sample: {} of {} {}.", plan.sample, plan.ids.size(),
                          asked.archive.empty() ? "files" : "studies")
            : fmt::format("All of {} {}.", plan.ids.size(),
                          asked.archive.empty() ? "files" : "studies with CR or DX images"));
    if (plan.is_cut) {
        remarks.emplace_back(
            "The archive had more studies of a day than archive.matches_max: the rest could not be "
            "drawn.");
    }
    if (!asked.accession_numbers) {
        remarks.emplace_back(
            "Images are named by a salted digest; --accession-numbers names them by accession "
            "number.");
    }
    return remarks;
}

int audit(const Asked& asked, const fs::path& config) {
    if (asked.archive.empty() == asked.folder.empty()) {
        throw Error(Fault::bad_input, "name --archive or --folder, one of the two");
    }
    const auto settings = settings_of(asked, config);
    log::set_level(log::Level::error);
    scp::start_wire();
    step_back(asked.nice);
    const auto folders = models_of(asked, settings);
    if (folders.size() > 2) throw Error(Fault::bad_input, "at most two models are compared");
    const AuditModels models{folders, settings, gate_of(settings, folders), asked.device};
    auto truth = read_truth_file(asked.truth, models.told());
    auto [words, source] = source_of(asked, settings);
    const auto what =
        fmt::format("{}, sample {}, {}", words, asked.sample, words_of_models(models.told()));
    AuditLedger ledger{asked.out, what};
    carry_out({.ledger = ledger,
               .source = *source,
               .models = models,
               .settings = settings,
               .sample = asked.sample,
               .what = what});
    auto made = audit_of(ledger, models.told());
    made.title = "Audit of " + words;
    made.remarks = remarks_of(asked, ledger);
    made.truth = std::move(truth);
    made.accession_numbers = asked.accession_numbers;
    write_file(asked.out / "audit.html", page_of(made));
    write_file(asked.out / "audit.csv", table_of(made));
    std::cout << summary_of(made)
              << fmt::format("\n{}\n{}\n", (asked.out / "audit.html").string(),
                             (asked.out / "audit.csv").string());
    return made.images.empty() ? 1 : 0;
}

}  // namespace

void add_audit(CLI::App& app, int& exit_status) {
    auto* command = app.add_subcommand(
        "audit",
        "Past images of an [[archive]] or a folder through models: how they would do here");
    const auto asked = std::make_shared<Asked>();
    const auto config = config_option(*command);
    auto* archive = command->add_option("--archive", asked->archive, "Name of an [[archive]]")
                        ->type_name("NAME");
    command->add_option("--folder", asked->folder, "Images that are on this disk already")
        ->check(existing_folder())
        ->type_name("DIR")
        ->excludes(archive);
    auto* from = command->add_option("--from", asked->from, "First day, such as 2025-01-01")
                     ->type_name("DAY")
                     ->needs(archive);
    auto* to = command->add_option("--to", asked->to, "Last day, included")
                   ->type_name("DAY")
                   ->needs(archive);
    archive->needs(from)->needs(to);
    command->add_option("--sample", asked->sample, "So many studies (or files) at random")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command
        ->add_option("--model", asked->models,
                     "A package's folder, or its name in the config; twice: the second is compared "
                     "with the first")
        ->type_name("MODEL");
    command
        ->add_option("--truth", asked->truth,
                     "Labels (CSV): sop_instance_uid, study_uid or accession_number, then a column "
                     "of 1 and 0 for each finding")
        ->check(existing_file())
        ->type_name("FILE");
    command->add_option("--out", asked->out, "Folder of the audit; a second run goes on in it")
        ->type_name("DIR")
        ->capture_default_str();
    command->add_option("--port", asked->port, "Port that the archive sends the images to")
        ->check(CLI::Range(1, 65535))
        ->type_name("PORT");
    command
        ->add_option("--ae-title", asked->ae_title,
                     "AE title that the archive sends to; the node's with _AUDIT unless told")
        ->type_name("AE");
    command->add_option("--nice", asked->nice, "Its priority, as of nice(1): 19 is the lowest")
        ->check(CLI::Range(0, 19))
        ->capture_default_str();
    command->add_option("--device", asked->device, "auto, cpu, cuda or cuda:N")
        ->capture_default_str();
    command->add_flag("--accession-numbers", asked->accession_numbers,
                      "Name images by accession number, not by a digest");
    command->add_flag("--keep-images", asked->keep,
                      "What came from the archive stays in DIR/images");
    command->callback([asked, config, &exit_status] { exit_status = audit(*asked, *config); });
}

}  // namespace bucky
