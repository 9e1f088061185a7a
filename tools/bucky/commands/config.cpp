// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <iostream>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "conf/file/read.h"
#include "scp/wire/start.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/engine/thresholds.h"
#include "tools/bucky/node/disk_estimate.h"
#include "tools/bucky/node/start_checks.h"
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

void add_config(CLI::App& app, int& exit_status) {
    auto* command = app.add_subcommand("config", "Check, show or begin a config file");
    command->require_subcommand(1);
    const auto config = config_option(*command);

    auto* check = command->add_subcommand("check", "Every problem at once; status 2 if any");
    check->add_option("FILE", *config, "Instead of --config")->type_name("");
    check->callback([config] {
        scp::start_wire();  // reads certificates and keys
        if (const auto words = become_the_service(*config); !words.empty()) {
            std::cout << words << '\n';
        }
        const auto settings = checked_settings(*config, NamedFiles::read, problems_of_start);
        std::cout << config->string() << ": good\n";
        for (const auto& words : advice_on(settings)) {
            std::cout << wrapped("! ", printable(words));
        }
        std::cout << wrapped("", disk_estimate(settings));
    });

    auto* show =
        command->add_subcommand("show", "Every setting, and whence: line, environment, default");
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
