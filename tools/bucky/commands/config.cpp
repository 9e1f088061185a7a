// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "conf/file/read.h"
#include "scp/wire/start.h"
#include "tools/bucky/admin/unowned_lanes.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/engine/model_purposes.h"
#include "tools/bucky/engine/precedence.h"
#include "tools/bucky/engine/thresholds.h"
#include "tools/bucky/node/data_lock.h"
#include "tools/bucky/node/disk_estimate.h"
#include "tools/bucky/node/ports.h"
#include "tools/bucky/node/unit.h"
#include "tools/bucky/shared/table.h"

namespace bucky {

std::shared_ptr<std::filesystem::path> config_option(CLI::App& command) {
    auto config = std::make_shared<std::filesystem::path>(kDefaultConfig);
    command.add_option("--config", *config, "The config file")
        ->envname("BUCKY_CONFIG")
        ->type_name("FILE")
        ->capture_default_str();
    command.fallthrough();  // allows the option after a subcommand too
    return config;
}

CLI::Validator existing_folder() {
    return CLI::Validator{CLI::ExistingDirectory}.description("");
}

CLI::Validator existing_file() {
    return CLI::Validator{CLI::ExistingFile}.description("");
}

namespace {

/// As root: goes on as the user whom data_dir belongs to, the service's, and names it. What only
/// root can read is then told as the node would tell it.
void become_the_service(const std::filesystem::path& config) {
    if (::geteuid() != 0) return;
    const auto data_dir = conf::examine_settings(config).settings.node.data_dir;
    struct stat owned {};
    if (::stat(data_dir.c_str(), &owned) != 0 || owned.st_uid == 0) return;
    const auto* user = ::getpwuid(owned.st_uid);
    const gid_t group = user == nullptr ? owned.st_gid : user->pw_gid;
    const bool left =
        (user == nullptr ? ::setgroups(0, nullptr) : ::initgroups(user->pw_name, group)) == 0 &&
        ::setgid(group) == 0 && ::setuid(owned.st_uid) == 0;
    if (!left) return;
    std::cout << fmt::format("checked as {}, the owner of {}\n",
                             user == nullptr ? std::to_string(owned.st_uid) : user->pw_name,
                             data_dir.string());
}

/// What the machine must give to a node at its start; nothing while one runs, which has it.
std::vector<conf::Problem> problems_of_start(const conf::Settings& settings,
                                             const conf::Lines& lines) {
    const auto& data_dir = settings.node.data_dir;
    if (DataLock::holder(data_dir)) return {};
    auto problems = port_problems(settings, lines);
    if (auto words = DataLock::obstacle(data_dir)) {
        const auto line = lines.find("node.data_dir");
        problems.push_back(
            {line == lines.end() ? 1 : line->second, "node.data_dir", std::move(*words)});
    }
    return problems;
}

}  // namespace

void add_config(CLI::App& app, int& exit_status) {
    auto* command = app.add_subcommand("config", "Check, show or begin a config file");
    command->require_subcommand(1);
    const auto config = config_option(*command);

    auto* check = command->add_subcommand("check", "Every problem at once; status 2 if any");
    check->add_option("FILE", *config, "Instead of --config")->type_name("");
    check->callback([config] {
        scp::start_wire();  // reads certificates and keys
        become_the_service(*config);
        const auto settings = checked_settings(*config, NamedFiles::read, problems_of_start);
        std::cout << config->string() << ": good\n";
        for (const auto& trouble : unit_troubles(settings)) {
            std::cout << wrapped("! ", printable(trouble));
        }
        for (const auto& trouble : unowned_troubles(settings)) {
            std::cout << "! " << printable(trouble) << '\n';
        }
        for (const auto& note : purposes_of(settings).notes) {
            std::cout << wrapped("! ", printable(note));
        }
        for (const auto& note : overlaps(settings)) std::cout << wrapped("! ", printable(note));
        std::cout << wrapped("", disk_estimate(settings));
    });

    auto* show =
        command->add_subcommand("show", "Every setting, and whence: a line, or the default");
    show->add_option("FILE", *config, "Instead of --config")->type_name("");
    show->callback([config] {
        conf::Lines lines;
        const auto settings = conf::read_settings(*config, &lines);
        std::cout << conf::to_toml(settings, &lines, config->filename().string());
    });

    auto* diff = command->add_subcommand("diff", "What the running node has, against the file");
    diff->add_option("FILE", *config, "Instead of --config")->type_name("");
    diff->callback([config, &exit_status] { exit_status = show_difference(*config); });

    auto* systemd = command->add_subcommand(
        "systemd", "The drop-in that lets the unit write where the file says");
    systemd->add_option("FILE", *config, "Instead of --config")->type_name("");
    systemd->callback([config] { std::cout << unit_drop_in(conf::read_settings(*config)); });

    auto* example = command->add_subcommand("example", "A config file with every key explained");
    example->callback([] { std::cout << conf::example_config(); });
}

}  // namespace bucky
