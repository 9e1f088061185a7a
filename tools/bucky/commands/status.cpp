// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "conf/file/read.h"
#include "storage/site.h"
#include "storage/studies.h"
#include "tools/bucky/admin/health.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/engine/model_purposes.h"
#include "tools/bucky/engine/precedence.h"
#include "tools/bucky/node/data_lock.h"
#include "tools/bucky/node/reload.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

struct Status {
    conf::Settings settings;
    std::optional<std::string> process;  ///< of the running node; nullopt: no node runs
    Health health;
    std::int64_t now_ms = 0;
};

/// A database that cannot be opened is one of the troubles while a node runs on it.
Health health_of(const Status& status, const Clock& clock) {
    try {
        storage::Database db =
            storage::Site{status.settings.node.data_dir}.open(storage::Database::Mode::read_only);
        return look(status.settings, clock, db);
    } catch (const Error& error) {  // one of the troubles of a running node
        if (!status.process) throw;
        Health health;
        health.troubles.push_back({Concern::database, {}, error.what()});
        return health;
    }
}

Status status_of(conf::Settings settings) {
    const SystemClock clock;
    Status status{std::move(settings), std::nullopt, {}, clock.now_ms()};
    status.process = DataLock::holder(status.settings.node.data_dir);
    status.health = health_of(status, clock);
    std::ranges::move(purposes_of(status.settings).notes, std::back_inserter(status.health.notes));
    std::ranges::move(overlaps(status.settings), std::back_inserter(status.health.notes));
    const storage::Aside aside{status.settings.node.data_dir, clock};
    status.health.aside = aside.held();
    add_new(status.health.troubles, aside_troubles(aside));
    const auto note = read_note(status.settings.node.data_dir);
    if (note && status.process && note->process == *status.process) {
        // The node knows more of a database that nobody else can read.
        const auto own = std::exchange(status.health.troubles, note->troubles);
        add_new(status.health.troubles, own);
        std::ranges::copy(note->notes, std::back_inserter(status.health.notes));
    }
    if (!status.process) {
        status.health.troubles.insert(status.health.troubles.begin(),
                                      {Concern::node, {}, "no node runs on this data_dir"});
    }
    return status;
}

void print_json(const Status& status) {
    auto queues = nlohmann::json::array();
    for (const auto& lane : status.health.lanes) {
        queues.push_back({{"lane", name_of(lane.lane)},
                          {"ready", lane.ready},
                          {"running", lane.running},
                          {"parked", lane.parked},
                          {"done", lane.done},
                          {"oldest_waiting_ms", lane.oldest_waiting_ms},
                          {"failing", lane.failing},
                          {"last_error", lane.last_error}});
    }
    auto concerns = nlohmann::json::array();
    for (const auto& one : status.health.troubles) {
        concerns.push_back({{"concern", word_of(one.concern)}, {"about", one.about}});
    }
    const auto& aside = status.health.aside;
    const nlohmann::json whole{
        {"version", BUCKY_VERSION},
        {"ae_title", status.settings.node.ae_title.str()},
        {"data_dir", status.settings.node.data_dir.string()},
        {"running", status.process.has_value()},
        {"process", status.process.value_or("")},
        {"free_bytes", status.health.free_bytes},
        {"queues", queues},
        {"aside", {{"images", aside.images}, {"copies", aside.copies}, {"results", aside.results}}},
        {"troubles", sentences(status.health.troubles)},
        {"concerns", concerns},
        {"notes", status.health.notes},
        {"healthy", status.health.troubles.empty()}};
    std::cout << whole.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

void print_text(const Status& status) {
    std::cout << fmt::format("bucky {}, {}: {}\n{}, {} free\n\n", BUCKY_VERSION,
                             status.settings.node.ae_title.str(),
                             status.process ? "running, process " + *status.process : "not running",
                             status.settings.node.data_dir.string(), size(status.health.free_bytes))
              << backlog_table(status.health.lanes, status.now_ms);
    const auto& aside = status.health.aside;
    if (aside.images + aside.copies + aside.results > 0) {
        std::cout << fmt::format("\nSet aside, without a row: {} images, {} copies, {} results\n",
                                 aside.images, aside.copies, aside.results);
    }
    for (const auto& trouble : status.health.troubles) {
        std::cout << fmt::format("\n! {}\n", printable(sentence(trouble)));
    }
    for (const auto& note : status.health.notes) {
        std::cout << '\n' << wrapped("Note: ", printable(note));
    }
}

}  // namespace

std::string backlog_table(const std::vector<storage::Backlog>& lanes, std::int64_t now_ms) {
    Table table{{{"QUEUE"},
                 {"READY", Align::right},
                 {"RUNNING", Align::right},
                 {"PARKED", Align::right},
                 {"DONE", Align::right},
                 {"OLDEST", Align::right}}};
    for (const auto& lane : lanes) {
        const auto& since_ms = lane.oldest_waiting_ms;
        table.row({name_of(lane.lane), std::to_string(lane.ready), std::to_string(lane.running),
                   std::to_string(lane.parked), std::to_string(lane.done),
                   since_ms == 0 ? "-" : age(now_ms - since_ms)});
    }
    return table.empty() ? "Nothing has come yet.\n" : table.text();
}

void add_status(CLI::App& app, int& exit_status) {
    auto* command = app.add_subcommand("status", "How the node is: status 1 if a person is needed");
    const auto config = config_option(*command);
    const auto as_json = std::make_shared<bool>(false);
    command->add_flag("--json", *as_json, "For programs");
    command->callback([config, as_json, &exit_status] {
        const auto status = status_of(conf::read_settings(*config));
        *as_json ? print_json(status) : print_text(status);
        exit_status = status.health.troubles.empty() ? 0 : 1;
    });
}

}  // namespace bucky
