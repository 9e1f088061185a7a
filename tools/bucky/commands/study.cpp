// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "conf/file/read.h"
#include "dicom_sr/common/wording.h"
#include "inference/findings_json.h"
#include "inference/package/package.h"
#include "storage/commitments.h"
#include "storage/journal.h"
#include "storage/outbox.h"
#include "storage/site.h"
#include "storage/studies.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/commands/study_json.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

using storage::Database;

/// How many of the newest studies are searched for the end of a UID or an accession number.
constexpr std::int64_t kSearchedStudies = 10000;

/// The studies with this UID, of any tenant, or the one with this key ("UID@TENANT"); deleted
/// studies too, because their history is kept.
std::vector<std::string> studies_named(Database& db, const std::string& asked) {
    const SystemClock clock;
    storage::Studies studies{db, clock};
    if (asked.find('@') != std::string::npos) {
        const bool is_known =
            studies.line(asked) || !storage::Journal{db, clock}.of_study(asked).empty();
        return is_known ? std::vector{asked} : std::vector<std::string>{};
    }
    auto found = studies.of_uid(asked);
    for (auto& left : storage::Journal{db, clock}.studies_of_uid(asked)) {
        if (!std::ranges::count(found, left)) found.push_back(std::move(left));
    }
    return found;
}

/// The studies with this UID or key. Otherwise the only study whose UID or key ends with `asked`,
/// or that has this accession number.
std::vector<std::string> find_studies(Database& db, const std::string& asked) {
    if (auto named = studies_named(db, asked); !named.empty()) return named;
    const SystemClock clock;
    std::vector<std::string> found;
    for (const auto& study : storage::Studies{db, clock}.recent(kSearchedStudies)) {
        const auto uid = storage::StudyKey::parse(study.study).uid.str();
        const bool fits =
            study.study.ends_with(asked) || uid.ends_with(asked) || study.accession_number == asked;
        if (fits) found.push_back(study.study);
    }
    if (found.empty()) throw Error(Fault::bad_input, "no study is known by {}", asked);
    if (found.size() > 1) {
        throw Error(Fault::bad_input, "{} studies fit {}; say more of the UID, such as {}",
                    found.size(), asked, found.front());
    }
    return found;
}

/// The only one of them; throws when there are several.
std::string find_study(Database& db, const std::string& asked) {
    const auto found = find_studies(db, asked);
    if (found.size() == 1) return found.front();
    throw Error(Fault::bad_input, "{} studies have the UID {}; name one: {}", found.size(), asked,
                fmt::join(found, ", "));
}

void list(const conf::Settings& settings, std::int64_t at_most, bool as_json) {
    const SystemClock clock;
    Database db = storage::Site{settings.node.data_dir}.open(Database::Mode::read_only);
    const auto studies = storage::Studies{db, clock}.recent(at_most);
    if (as_json) {
        std::cout << studies_json(studies).dump(2) << '\n';
        return;
    }
    Table table{{{"LAST IMAGE (UTC)"},
                 {"IMAGES", Align::right},
                 {"FINDINGS", Align::right},
                 {"UNREAD", Align::right},
                 {"STATE"},
                 {"STUDY"}}};
    for (const auto& study : studies) {
        table.row({utc_second(study.last_image_ms), std::to_string(study.images),
                   std::to_string(study.findings),
                   std::to_string(study.not_analysed + study.failed), std::string{state_of(study)},
                   short_uid(study.study)});
    }
    if (table.empty()) {
        std::cout << "No study has come yet.\n";
        return;
    }
    std::cout << table.text()
              << "\nFINDINGS, UNREAD: images with a finding; images not analysed or failed.\n"
                 "`bucky study show` takes the end of a UID, or an accession number.\n";
}

std::string words_of(const inference::ImageResult& answer) {
    std::vector<std::string> said;
    for (const auto& finding : answer.findings) {
        if (finding.answer == inference::Answer::absent) continue;
        std::vector<std::string_view> sides;
        for (const auto& region : finding.regions) {
            const auto side = inference::name_of(region.side);
            if (!side.empty()) sides.push_back(side);
        }
        if (finding.answer == inference::Answer::undetermined) sides.emplace_back("undetermined");
        const auto stands = finding.yields_to.empty()
                                ? ""
                                : fmt::format(" ({}'s answer stands)", finding.yields_to);
        said.push_back(fmt::format("{} {}{}{}{}", finding.name, dicom_sr::score_text(finding.score),
                                   sides.empty() ? "" : " ", fmt::join(sides, ", "), stands));
    }
    if (answer.reason) said.push_back(answer.reason->text);
    std::string words{name_of(answer.verdict)};
    if (!said.empty()) words += fmt::format(": {}", fmt::join(said, "; "));
    if (answer.model) words += fmt::format(" ({} {})", answer.model->name, answer.model->version);
    return words;
}

/// A line for each package that was asked.
std::string words_of(const storage::Instance& image) {
    if (image.replaced) return "replaced: it came again with another header";
    if (image.conflicting) return "not_analysed: same UID as an earlier image, other content";
    if (image.verdict.empty()) return "waits for its verdict";
    std::vector<std::string> lines;
    for (const auto& answer : inference::answers_of(inference::from_json(image.result_json))) {
        lines.push_back(words_of(answer));
    }
    return fmt::format("{}", fmt::join(lines, "\n    "));
}

void print_images(const std::vector<storage::Instance>& images) {
    std::cout << "\nImages\n";
    for (const auto& image : images) {
        std::cout << fmt::format(
            "  {}\n    {} UTC, {} from {} at {}\n    {}\n", image.sop_instance.str(),
            utc_second(image.received_at_ms), size(static_cast<std::uint64_t>(image.bytes)),
            printable(image.calling_ae),
            image.owner.empty() ? image.peer_address
                                : image.peer_address + " for " + printable(image.owner),
            words_of(image));
    }
}

/// The state of storage commitment of this result at each destination that is asked for it.
void print_commitments(const std::vector<storage::CommitmentLine>& lines, std::string_view result) {
    for (const auto& line : lines) {
        if (line.sop_instance != result) continue;
        std::string words = "asked to keep it";
        if (line.promised_at_ms > 0) {
            words = fmt::format("promised to keep it, {} UTC", utc_second(line.promised_at_ms));
        } else if (line.failure != 0) {
            words = "does not keep it: " + storage::words_for_failure(line.failure);
        }
        std::cout << fmt::format("    {}: {}\n", line.destination, words);
    }
}

void print_results(const std::vector<storage::Result>& results,
                   const std::vector<storage::CommitmentLine>& commitments) {
    std::cout << "\nResults\n";
    for (const auto& result : results) {
        std::cout << fmt::format("  {}\n    {}, made {} UTC\n", result.sop_instance.str(),
                                 result.kind, utc_second(result.created_at_ms));
        print_commitments(commitments, result.sop_instance.str());
    }
    if (results.empty()) std::cout << "  none yet\n";
}

void print_jobs(const std::vector<storage::Job>& jobs, std::int64_t now_ms) {
    std::cout << "\nJobs\n";
    for (const auto& job : jobs) {
        std::string words{name_of(job.state)};
        if (job.attempt > 1) words += fmt::format(", attempt {}", job.attempt);
        if (job.state == storage::JobState::ready && job.not_before_ms > now_ms) {
            words += ", due in " + age(job.not_before_ms - now_ms);
        }
        std::cout << fmt::format("  {:<24}  {}\n", name_of(job.lane), words);
        if (!job.last_error.empty()) std::cout << "    " << printable(job.last_error) << '\n';
    }
}

void print_journal(const std::vector<storage::JournalEntry>& entries) {
    std::cout << "\nJournal (UTC)\n";
    std::string day;
    for (const auto& entry : entries) {
        const auto at = utc_second(entry.at_ms);
        if (at.substr(0, 10) != day) std::cout << "  " << (day = at.substr(0, 10)) << '\n';
        const bool is_uid = entry.subject.find_first_not_of("0123456789.") == std::string::npos;
        std::cout << fmt::format("  {}  {:<16}  {}\n", utc_time(entry.at_ms), entry.event,
                                 is_uid ? short_uid(entry.subject, 34) : entry.subject);
        if (!entry.words.empty()) std::cout << "                " << printable(entry.words) << '\n';
    }
}

void show_one(const conf::Settings& settings, Database& db, const std::string& study) {
    const SystemClock clock;
    storage::Studies studies{db, clock};
    const auto line = studies.line(study);
    if (!line) {
        std::cout << fmt::format("Study {}\n  its images and results are no longer here\n", study);
        return print_journal(storage::Journal{db, clock}.of_study(study));
    }
    std::cout << fmt::format("Study {}\n  {}, {} image{}{}\n", study, state_of(*line), line->images,
                             line->images == 1 ? "" : "s",
                             line->accession_number.empty()
                                 ? ""
                                 : ", accession number " + printable(line->accession_number));
    if (line->patients > 1) {
        std::cout << fmt::format("  holds images of {} patients: each has a report of its own\n",
                                 line->patients);
    }
    print_images(studies.instances(study));
    storage::Spool results{settings.results_dir()};
    print_results(storage::Outbox{db, results, clock}.results_of_study(study),
                  storage::Commitments{db, clock}.of_study(study));
    print_jobs(storage::JobQueue{db, clock}.jobs_of_study(study), clock.now_ms());
    print_journal(storage::Journal{db, clock}.of_study(study));
}

void show(const conf::Settings& settings, const std::string& asked, bool as_json) {
    Database db = storage::Site{settings.node.data_dir}.open(Database::Mode::read_only);
    if (as_json) {
        auto studies = nlohmann::json::array();
        for (const auto& study : find_studies(db, asked)) {
            studies.push_back(study_json(settings, db, study));
        }
        std::cout << nlohmann::json{{"studies", std::move(studies)}}.dump(2) << '\n';
        return;
    }
    bool is_first = true;
    for (const auto& study : find_studies(db, asked)) {
        if (!std::exchange(is_first, false)) std::cout << '\n';
        show_one(settings, db, study);
    }
}

/// Throws unless the name is that of a package that may analyse images; the error lists those.
void check_model(const conf::Settings& settings, const std::string& name) {
    std::vector<std::string> known;
    for (const auto& folder : settings.inference.models) {
        const bool is_shadow =
            std::any_of(settings.models.begin(), settings.models.end(),
                        [&](const auto& one) { return one.folder == folder && one.shadow; });
        if (is_shadow) continue;  // its results are never sent
        known.push_back(inference::read_package(folder).identity.name);
        if (known.back() == name) return;
    }
    throw Error(Fault::bad_input, "no model that reports is named {}, but {}", name,
                fmt::join(known, ", "));
}

void retry(const conf::Settings& settings, const std::string& asked, const std::string& model) {
    if (!model.empty()) check_model(settings, model);
    const SystemClock clock;
    Database db = storage::Site{settings.node.data_dir}.open(Database::Mode::existing);
    const auto study = find_study(db, asked);
    const auto images = storage::Studies{db, clock}.retry(study, model);
    std::cout << fmt::format("{} image{} of {} will be looked at again{}\n", images,
                             images == 1 ? "" : "s", study,
                             model.empty() ? "" : fmt::format(", by {} alone", model));
}

void send_again(const conf::Settings& settings, const std::string& asked,
                const std::string& destination) {
    const auto& known = settings.destinations;
    if (std::ranges::none_of(known, [&](const auto& one) { return one.name == destination; })) {
        throw Error(Fault::bad_input, "no [[destination]] is named {}", destination);
    }
    const SystemClock clock;
    Database db = storage::Site{settings.node.data_dir}.open(Database::Mode::existing);
    const auto study = find_study(db, asked);
    storage::Spool results{settings.results_dir()};
    const auto sent = storage::Outbox{db, results, clock}.send_again(study, destination);
    if (sent == 0) {
        throw Error(Fault::bad_input,
                    "nothing of {} was made for {}: `bucky study retry {}` reports anew", study,
                    destination, study);
    }
    std::cout << fmt::format("{} result{} of {} go{} to {} again\n", sent, sent == 1 ? "" : "s",
                             study, sent == 1 ? "es" : "", destination);
}

}  // namespace

void add_study(CLI::App& app, int&) {
    auto* command = app.add_subcommand("study", "Which studies came, and the story of one");
    command->require_subcommand(1);
    const auto config = config_option(*command);

    const auto at_most = std::make_shared<std::int64_t>(20);
    auto* listed = command->add_subcommand("list", "The last studies, newest first");
    listed->add_option("-n", *at_most, "How many")
        ->type_name("NUMBER")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    const auto as_json = std::make_shared<bool>(false);
    listed->add_flag("--json", *as_json, "The same, for programs");
    listed->callback(
        [config, at_most, as_json] { list(conf::read_settings(*config), *at_most, *as_json); });

    constexpr const char* kStudyHelp =
        "UID, the end of it, UID@TENANT for one tenant's, or accession number";
    const auto study = std::make_shared<std::string>();
    auto* shown = command->add_subcommand("show", "Its images, results, jobs and journal");
    shown->add_option("STUDY", *study, kStudyHelp)->required()->type_name("");
    shown->add_flag("--json", *as_json, "The same, for programs");
    shown->callback(
        [config, study, as_json] { show(conf::read_settings(*config), *study, *as_json); });

    auto* again = command->add_subcommand("retry", "Look at its images again and report anew");
    again->add_option("STUDY", *study, kStudyHelp)->required()->type_name("");
    const auto model = std::make_shared<std::string>();
    again->add_option("--model", *model, "Ask this model alone, by its name")->type_name("NAME");
    const auto to = std::make_shared<std::string>();
    again
        ->add_option("--destination", *to,
                     "Look at nothing again, but send its results to this one again")
        ->type_name("NAME")
        ->excludes("--model");
    again->callback([config, study, model, to] {
        const auto settings = conf::read_settings(*config);
        to->empty() ? retry(settings, *study, *model) : send_again(settings, *study, *to);
    });
}

}  // namespace bucky
