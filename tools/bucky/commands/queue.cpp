// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "conf/file/read.h"
#include "conf/tenants.h"
#include "storage/abandoned_lanes.h"
#include "storage/holds.h"
#include "storage/job_queue.h"
#include "storage/owed_commitments.h"
#include "storage/queue_shape.h"
#include "storage/site.h"
#include "storage/study_key.h"
#include "tools/bucky/admin/unowned_lanes.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

constexpr std::int64_t kParkedShown = 20;

constexpr std::size_t kLaneColumns = 30;  // keeps the table of ages within 80 columns

/// At most four characters.
std::string compact(std::int64_t count) {
    if (count < 10'000) return std::to_string(count);
    return count < 1'000'000 ? fmt::format("{}k", count / 1000)
                             : fmt::format("{}M", count / 1'000'000);
}

/// Open jobs by lane and age, the youngest first; empty when there are none.
std::string shape_table(const std::vector<storage::LaneShape>& lanes) {
    std::vector<Table::Column> columns{{"WAITS SINCE"}, {"TOTAL", Align::right}};
    for (const auto* title : {"<1m", "<15m", "<1h", "<4h", "<1d", "<7d", "more"}) {
        columns.push_back({title, Align::right});
    }
    Table table{std::move(columns)};
    for (const auto& lane : lanes) {
        std::vector<std::string> cells{short_uid(name_of(lane.lane), kLaneColumns),
                                       compact(lane.open)};
        for (const auto jobs : lane.by_age) cells.push_back(compact(jobs));
        table.row(std::move(cells));
    }
    return table.empty() ? "" : "\n" + table.text();
}

void show_json(const conf::Settings& settings) {
    const SystemClock clock;
    storage::Database db =
        storage::Site{settings.node.data_dir}.open(storage::Database::Mode::read_only);
    auto queues = nlohmann::json::array();
    for (const auto& lane : storage::queue_shape(db, clock)) {
        auto ages = nlohmann::json::array();
        for (std::size_t at = 0; at < lane.by_age.size(); ++at) {
            const bool is_last = at == storage::kAgesMs.size();
            auto limit_s = nlohmann::json(nullptr);  // braces would make a list
            if (!is_last) limit_s = storage::kAgesMs[at] / 1000;
            ages.push_back({{"younger_than_s", limit_s}, {"jobs", lane.by_age[at]}});
        }
        queues.push_back({{"lane", name_of(lane.lane)},
                          {"open", lane.open},
                          {"parked", lane.parked},
                          {"by_age", std::move(ages)}});
    }
    std::cout << nlohmann::json{{"queues", std::move(queues)}}.dump(2) << '\n';
}

/// The modalities that requested storage commitment and have not got their report yet.
void show_owed(const std::vector<storage::OwedCommitment>& all_owed, std::int64_t now_ms) {
    if (all_owed.empty()) return;
    std::cout << "\nCallers that wait for a report of storage commitment, oldest first\n";
    for (const auto& owed : all_owed) {
        std::cout << fmt::format("  {}  {}, asked {} ago\n", printable(owed.requester),
                                 short_uid(owed.transaction.str(), 30),
                                 age(now_ms - owed.asked_at_ms));
        if (!owed.last_error.empty()) std::cout << "    " << printable(owed.last_error) << '\n';
    }
}

void show(const conf::Settings& settings) {
    const SystemClock clock;
    storage::Database db =
        storage::Site{settings.node.data_dir}.open(storage::Database::Mode::read_only);
    storage::JobQueue queue{db, clock};
    const auto lanes = queue.backlog();
    std::cout << backlog_table(lanes, clock.now_ms())
              << shape_table(storage::queue_shape(db, clock));
    show_owed(storage::OwedCommitments{db, clock, settings.node.data_dir}.owed(kParkedShown),
              clock.now_ms());
    std::int64_t parked = 0;
    for (const auto& lane : lanes) {
        parked += lane.parked;
        if (lane.parked > 0 || lane.last_error.empty()) continue;
        std::cout << fmt::format("\n{}, last words:\n  {}\n", name_of(lane.lane),
                                 printable(lane.last_error));
    }
    if (parked == 0) return;
    std::cout << fmt::format("\nParked, oldest of {} first; `bucky queue retry` runs them again\n",
                             parked);
    for (const auto& job : queue.parked(kParkedShown)) {
        std::cout << fmt::format("  {}  {}\n    {}\n", name_of(job.lane),
                                 short_uid(job.subject, 40), printable(job.last_error));
    }
}

void retry(const conf::Settings& settings, const std::string& destination, bool only_parked) {
    const auto& known = settings.destinations;
    const bool is_known = std::any_of(known.begin(), known.end(), [&](const auto& candidate) {
        return candidate.name == destination;
    });
    if (!destination.empty() && !is_known) {
        throw Error(Fault::bad_input, "no [[destination]] is named {}", destination);
    }
    const SystemClock clock;
    storage::Database db =
        storage::Site{settings.node.data_dir}.open(storage::Database::Mode::existing);
    storage::JobQueue queue{db, clock};
    using Resubmit = storage::JobQueue::Resubmit;
    const auto which = only_parked ? Resubmit::parked : Resubmit::parked_and_waiting;
    const auto due = destination.empty()
                         ? queue.resubmit_all(which)
                         : queue.resubmit(storage::Lane::deliver(destination), which) +
                               queue.resubmit(storage::Lane::commit(destination), which);
    std::cout << fmt::format("{} jobs are due now\n", due);
}

const conf::DestinationSettings* destination_named(const conf::Settings& settings,
                                                   const std::string& name) {
    const auto& known = settings.destinations;
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.name == name; });
    return found == known.end() ? nullptr : &*found;
}

void expect_destination(const conf::Settings& settings, const std::string& name) {
    if (destination_named(settings, name) != nullptr) return;
    throw Error(Fault::bad_input, "no [[destination]] is named {}", name);
}

void hold(const conf::Settings& settings, const std::string& destination) {
    expect_destination(settings, destination);
    storage::Holds{settings.node.data_dir}.hold(destination, SystemClock{});
    std::cout << fmt::format(
        "{0} is held: what is under way ends, the rest waits until `bucky queue release "
        "--destination {0}`\n",
        destination);
}

void release(const conf::Settings& settings, const std::string& destination) {
    const bool was_held = storage::Holds{settings.node.data_dir}.release(destination);
    if (!was_held) throw Error(Fault::bad_input, "{} is not held", destination);
    std::cout << destination << " gets its results again\n";
}

/// The lanes of this destination that hold jobs and that nobody works on: it is held, or the config
/// names it no more. Throws bad_input when there is none.
std::vector<storage::Lane> idle_lanes_of(const conf::Settings& settings, storage::JobQueue& queue,
                                         const std::string& destination) {
    std::vector<storage::Lane> lanes;
    const bool is_held = storage::Holds{settings.node.data_dir}.is_held(destination);
    for (const auto& lane : queue.backlog()) {
        if (lane.lane.destination != destination) continue;
        const bool is_open = lane.ready + lane.running + lane.parked > 0;
        if ((is_held && is_open) || !unowned_trouble(settings, lane).empty()) {
            lanes.push_back(lane.lane);
        }
    }
    if (!lanes.empty()) return lanes;
    if (!is_held && destination_named(settings, destination) != nullptr) {
        throw Error(Fault::bad_input,
                    "{0} is a [[destination]] and gets its results: `bucky queue hold "
                    "--destination {0}` first, or take it out of the config",
                    destination);
    }
    throw Error(Fault::bad_input, "nothing waits for {}", destination);
}

void drop(const conf::Settings& settings, const std::string& destination) {
    const SystemClock clock;
    storage::Database db =
        storage::Site{settings.node.data_dir}.open(storage::Database::Mode::existing);
    storage::JobQueue queue{db, clock};
    for (const auto& lane : idle_lanes_of(settings, queue, destination)) {
        const auto outcome = storage::AbandonedLanes{db, clock}.drop(lane);
        std::cout << fmt::format("{}: {} jobs dropped; the journal of each study says so\n",
                                 name_of(lane), outcome.left);
    }
}

void move(const conf::Settings& settings, const std::string& from, const std::string& to) {
    if (destination_named(settings, to) == nullptr) {
        throw Error(Fault::bad_input, "no [[destination]] is named {}", to);
    }
    const SystemClock clock;
    storage::Database db =
        storage::Site{settings.node.data_dir}.open(storage::Database::Mode::existing);
    storage::JobQueue queue{db, clock};
    const auto may_go = [&](const std::string& study) {
        const auto theirs = conf::destinations_of(settings, storage::StudyKey::parse(study).owner);
        return std::any_of(theirs.begin(), theirs.end(),
                           [&](const auto* one) { return one->name == to; });
    };
    storage::AbandonedLanes lanes{db, clock};
    for (const auto& lane : idle_lanes_of(settings, queue, from)) {
        if (lane.kind != storage::LaneKind::deliver) {
            std::cout << fmt::format(
                "{}: left; {} was asked to keep these results, and nobody else can say that it "
                "does: `bucky queue drop --destination {}`\n",
                name_of(lane), from, from);
            continue;
        }
        const auto outcome = lanes.move(lane, to, may_go);
        std::cout << fmt::format("{}: {} results go to {} now, {} of them it has already\n",
                                 name_of(lane), outcome.left, to, outcome.had_it);
        if (outcome.withheld == 0) continue;
        std::cout << fmt::format("{} are of tenants that {} is not for; they were left\n",
                                 outcome.withheld, to);
    }
}

}  // namespace

void add_queue(CLI::App& app, int&) {
    auto* command = app.add_subcommand("queue", "What waits, and why");
    const auto config = config_option(*command);
    const auto as_json = std::make_shared<bool>(false);
    command->add_flag("--json", *as_json, "What is open by lane and age, for programs");
    auto* again = command->add_subcommand("retry", "Parked and waiting jobs are due now");
    const auto destination = std::make_shared<std::string>();
    again->add_option("--destination", *destination, "Only what goes to this [[destination]]")
        ->type_name("NAME");
    const auto only_parked = std::make_shared<bool>(false);
    again->add_flag("--parked", *only_parked, "Only what is parked: what waits keeps its time");
    again->callback([config, destination, only_parked] {
        retry(conf::read_settings(*config), *destination, *only_parked);
    });
    const auto from = std::make_shared<std::string>(), to = std::make_shared<std::string>();
    auto* dropping = command->add_subcommand(
        "drop", "What waits for a destination that is held, or gone, is sent nowhere");
    auto* moving = command->add_subcommand(
        "move", "What waits for a destination that is held, or gone, goes to another");
    for (auto* one : {dropping, moving}) {
        one->add_option("--destination", *from,
                        "The one that is held, or that the config names no more")
            ->required()
            ->type_name("NAME");
    }
    auto* holding = command->add_subcommand(
        "hold", "Nothing is sent to a destination until it is released; its results wait");
    auto* releasing = command->add_subcommand("release", "A destination that was held gets them");
    for (auto* one : {holding, releasing}) {
        one->add_option("--destination", *from, "Which")->required()->type_name("NAME");
    }
    holding->callback([config, from] { hold(conf::read_settings(*config), *from); });
    releasing->callback([config, from] { release(conf::read_settings(*config), *from); });
    moving->add_option("--to", *to, "The [[destination]] that gets them instead")
        ->required()
        ->type_name("NAME");
    dropping->callback([config, from] { drop(conf::read_settings(*config), *from); });
    moving->callback([config, from, to] { move(conf::read_settings(*config), *from, *to); });
    command->callback([config, command, as_json] {
        if (!command->get_subcommands().empty()) return;
        const auto settings = conf::read_settings(*config);
        *as_json ? show_json(settings) : show(settings);
    });
}

}  // namespace bucky
