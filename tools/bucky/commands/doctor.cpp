// SPDX-License-Identifier: Apache-2.0
// `bucky doctor`: all checks of one node, and the one thing to do.
#include <algorithm>
#include <iostream>
#include <iterator>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/file/read.h"
#include "scp/wire/start.h"
#include "storage/site.h"
#include "tools/bucky/admin/health.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/doctor/journey.h"
#include "tools/bucky/doctor/machine.h"
#include "tools/bucky/engine/thresholds.h"
#include "tools/bucky/node/data_lock.h"
#include "tools/bucky/node/reload.h"
#include "tools/bucky/node/start_checks.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

struct Asked {
    bool as_json = false, without_phantom = false;
    JourneyOptions journey;
    int wait_s = 120;
};

/// The node, and what it says itself; whether it runs.
bool add_node(const conf::Settings& settings, std::vector<Check>& checks) {
    const auto process = DataLock::holder(settings.node.data_dir);
    if (!process) {
        checks.push_back({"node", Outcome::bad, "no node runs on this data_dir",
                          "start it: systemctl start bucky"});
        return false;
    }
    checks.push_back({"node", Outcome::good, "runs as process " + *process});
    const SystemClock clock;
    storage::Database db =
        storage::Site{settings.node.data_dir}.open(storage::Database::Mode::read_only);
    auto health = look(settings, clock, db);
    if (const auto note = read_note(settings.node.data_dir); note && note->process == *process) {
        add_new(health.troubles, note->troubles);
        if (!note->refused.empty()) {
            checks.push_back({"reload", Outcome::bad, "the last one was refused: " + note->refused,
                              "mend the file, then `bucky reload`"});
        }
    }
    for (const auto& words : sentences(health.troubles)) {
        checks.push_back({"node", Outcome::bad, words, words});
    }
    return true;
}

std::vector<Check> examined(const std::filesystem::path& config, const Asked& asked) {
    std::vector<Check> checks;
    conf::Settings settings;
    try {
        settings = checked_settings(config, NamedFiles::read, problems_of_start);
    } catch (const conf::ConfigError& error) {  // nothing can be looked at without it
        return {{"config", Outcome::bad, error.what(), "mend the config: the lines are named"}};
    }
    checks.push_back({"config", Outcome::good, config.string() + " is good"});
    for (auto& words : advice_on(settings)) {
        checks.push_back({"config", Outcome::note, std::move(words)});
    }
    checks.push_back(check_disk(settings));
    checks.push_back(check_clock());
    std::ranges::move(check_certificates(settings, SystemClock{}.now_ms()),
                      std::back_inserter(checks));
    if (!add_node(settings, checks) || asked.without_phantom) return checks;
    std::ranges::move(phantom_journey(settings, asked.journey), std::back_inserter(checks));
    return checks;
}

std::string_view word_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::good: return "good";
        case Outcome::note: return "note";
        case Outcome::bad: return "BAD";
    }
    __builtin_unreachable();
}

int told(const std::vector<Check>& checks, bool as_json) {
    const auto first_bad = std::ranges::find(checks, Outcome::bad, &Check::outcome);
    const auto remedy = first_bad == checks.end() ? std::string{} : first_bad->remedy;
    if (as_json) {
        auto lines = nlohmann::json::array();
        for (const auto& one : checks) {
            lines.push_back(
                {{"check", one.name},
                 {"outcome", one.outcome == Outcome::bad ? "bad" : word_of(one.outcome)},
                 {"words", one.words},
                 {"do", one.remedy}});
        }
        const nlohmann::json whole{{"version", BUCKY_VERSION},
                                   {"well", remedy.empty()},
                                   {"do", remedy},
                                   {"checks", lines}};
        std::cout << whole.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    } else {
        for (const auto& one : checks) {
            std::cout << wrapped(
                fmt::format("{:<4}  {:<11}  ", word_of(one.outcome), printable(one.name)),
                printable(one.words));
        }
        std::cout << '\n'
                  << (remedy.empty() ? std::string{"All is well.\n"}
                                     : wrapped("Do this: ", printable(remedy)));
    }
    return first_bad == checks.end() ? 0 : 1;
}

}  // namespace

void add_doctor(CLI::App& app, int& exit_status) {
    auto* command = app.add_subcommand(
        "doctor", "Tries the whole way of an image; status 1 with the one thing to do");
    command->footer(
        "A computer-drawn X-ray goes through the door, the model and to every destination, as\n"
        "patient BUCKY^TEST PATIENT, ID BUCKY-DOCTOR, accession number DOCTOR: each run leaves\n"
        "the results of one such study in each archive. --no-phantom sends nothing.");
    const auto config = config_option(*command);
    const auto asked = std::make_shared<Asked>();
    command->add_flag("--json", asked->as_json, "For programs");
    command->add_flag("--no-phantom", asked->without_phantom, "Only what needs no test image");
    command->add_option("--as", asked->journey.calling, "Call the node as this AE title")
        ->type_name("AE");
    command->add_option("--to", asked->journey.called, "Call this AE title, such as a tenant's")
        ->type_name("AE");
    command->add_option("--port", asked->journey.port, "The node's port, instead of scp.port")
        ->type_name("PORT")
        ->check(CLI::Range(1, 65535));
    command->add_option("--wait", asked->wait_s, "Seconds for each part of the way")
        ->type_name("S")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    command->callback([config, asked, &exit_status] {
        scp::start_wire();
        (void)become_the_service(*config);
        asked->journey.at_most = std::chrono::seconds{asked->wait_s};
        exit_status = told(examined(*config, *asked), asked->as_json);
    });
}

}  // namespace bucky
