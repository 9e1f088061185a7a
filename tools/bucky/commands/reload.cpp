// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/reload.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "conf/base/error.h"
#include "conf/run/wakeup.h"
#include "scp/wire/start.h"
#include "tools/bucky/admin/unowned_lanes.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/engine/taken_packages.h"
#include "tools/bucky/engine/thresholds.h"
#include "tools/bucky/node/data_lock.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookPeriod = 100ms;  // how often the node's note is read

std::string running_process(const conf::Settings& settings) {
    const auto process = DataLock::holder(settings.node.data_dir);
    if (!process) {
        throw Error(Fault::unavailable, "no node runs on {}", settings.node.data_dir.string());
    }
    return *process;
}

RunningNote note_of(const conf::Settings& settings, const std::string& process) {
    auto note = read_note(settings.node.data_dir);
    if (!note || note->process != process) {
        throw Error(Fault::unavailable, "the node, process {}, has left no note in {} yet", process,
                    settings.node.data_dir.string());
    }
    return std::move(*note);
}

/// The outcome of the first reload that began after the request. A reload that was in progress may
/// have read the file before the user wrote it.
RunningNote wait_for_reload(const conf::Settings& settings, const std::string& process,
                            std::int64_t begun_before, std::chrono::seconds at_most) {
    const auto until = std::chrono::steady_clock::now() + at_most;
    while (std::chrono::steady_clock::now() < until) {
        auto note = note_of(settings, process);
        if (note.reloads > begun_before) return note;
        if (DataLock::holder(settings.node.data_dir) != process) {
            throw Error(Fault::unavailable, "the node, process {}, has ended", process);
        }
        Wakeup{}.wait_beyond(0, {}, kLookPeriod);
    }
    throw Error(Fault::unavailable,
                "no answer in {} s; the log of the node says what becomes of it", at_most.count());
}

int reload(const std::filesystem::path& config, std::chrono::seconds at_most) {
    scp::start_wire();
    const auto next = checked_settings(config, NamedFiles::read);
    const auto process = running_process(next);
    const auto before = note_of(next, process);
    if (::kill(std::atoi(process.c_str()), SIGHUP) != 0) {
        throw Error(Fault::unavailable, "cannot ask process {}: {}; be its user, or root", process,
                    std::strerror(errno));
    }
    const auto after = wait_for_reload(next, process, before.begun, at_most);
    if (!after.refused.empty()) {
        std::cout << "refused, the old settings stay: " << after.refused << '\n';
        return 1;
    }
    const auto changed = conf::differences(before.in_force, after.in_force);
    for (const auto& line : changed) std::cout << line << '\n';
    std::cout << fmt::format("in force; {} changed\n", changed.size());
    if (!after.waiting.empty()) {
        std::cout << fmt::format("only a restart takes up: {}\n", fmt::join(after.waiting, ", "));
    }
    for (const auto& trouble : unowned_troubles(next)) {
        std::cout << "! " << printable(trouble) << '\n';
    }
    return 0;
}

}  // namespace

int show_difference(const std::filesystem::path& config) {
    const auto file = with_taken_packages(conf::read_settings(config));
    const auto note = note_of(file, running_process(file));
    const auto lines = conf::differences(note.in_force, conf::spelled_out(file));
    for (const auto& line : lines) std::cout << line << '\n';
    if (lines.empty()) std::cout << "the node runs with what the file says\n";
    return lines.empty() ? 0 : 1;
}

void add_reload(CLI::App& app, int& exit_status) {
    auto* command = app.add_subcommand("reload", "The node takes up the config file as it is now");
    command->footer(
        "Nothing is dropped: associations, images and results at hand end as they "
        "began.\nA file with a problem is refused whole.");
    const auto config = config_option(*command);
    const auto at_most = std::make_shared<int>(300);
    command->add_option("--wait", *at_most, "How long for its answer: models may have to be loaded")
        ->type_name("SECONDS")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    command->callback([config, at_most, &exit_status] {
        exit_status = reload(*config, std::chrono::seconds{*at_most});
    });
}

}  // namespace bucky
