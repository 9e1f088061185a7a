// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "conf/base/error.h"
#include "conf/read.h"
#include "storage/job_queue.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/table.h"

namespace bucky {
namespace {

constexpr std::int64_t kParkedShown = 20;

void show(const conf::Settings& settings) {
    const SystemClock clock;
    storage::Database db{settings.database_file(), storage::Database::Mode::read_only};
    storage::JobQueue queue{db, clock};
    const auto lanes = queue.backlog();
    std::cout << backlog_table(lanes, clock.now_ms());
    std::int64_t parked = 0;
    for (const auto& lane : lanes) {
        parked += lane.parked;
        if (lane.parked > 0 || lane.last_error.empty()) continue;
        std::cout << fmt::format("\n{}, last words:\n  {}\n", lane.lane,
                                 printable(lane.last_error));
    }
    if (parked == 0) return;
    std::cout << fmt::format("\nParked, oldest of {} first; `bucky queue retry` runs them again\n",
                             parked);
    for (const auto& job : queue.parked("", kParkedShown)) {
        std::cout << fmt::format("  {}  {}\n    {}\n", job.lane, short_uid(job.subject, 40),
                                 printable(job.last_error));
    }
}

void retry(const conf::Settings& settings, const std::string& destination) {
    const auto& known = settings.destinations;
    const bool is_known = std::any_of(known.begin(), known.end(), [&](const auto& candidate) {
        return candidate.name == destination;
    });
    if (!destination.empty() && !is_known) {
        throw Error(Fault::bad_input, "no [[destination]] is named {}", destination);
    }
    const SystemClock clock;
    storage::Database db{settings.database_file(), storage::Database::Mode::existing};
    const auto lane = destination.empty() ? "" : "deliver:" + destination;
    std::cout << fmt::format("{} jobs are due now\n", storage::JobQueue{db, clock}.resubmit(lane));
}

}  // namespace

void add_queue(CLI::App& app, int&) {
    auto* command = app.add_subcommand("queue", "What waits, and why");
    const auto config = config_option(*command);
    auto* again = command->add_subcommand("retry", "Parked and waiting jobs are due now");
    const auto destination = std::make_shared<std::string>();
    again->add_option("--destination", *destination, "Only what goes to this [[destination]]")
        ->type_name("NAME");
    again->add_flag("--parked")->group("");  // parked jobs are always among them
    again->callback([config, destination] { retry(conf::read_settings(*config), *destination); });
    command->callback([config, command] {
        if (command->get_subcommands().empty()) show(conf::read_settings(*config));
    });
}

}  // namespace bucky
