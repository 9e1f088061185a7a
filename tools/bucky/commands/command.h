// SPDX-License-Identifier: Apache-2.0
// The commands of the program. Each add_x() puts one subcommand on `app`; when the command line
// names it, its callback runs inside CLI11's parsing and leaves its exit status in `exit_status`.
// What they throw is told by main(): a ConfigError with status 2, any other Error with 1.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "conf/base/ids.h"
#include "conf/settings.h"
#include "storage/job_queue.h"

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace bucky {

void add_serve(CLI::App& app, int& exit_status);
void add_echo(CLI::App& app, int& exit_status);
void add_send(CLI::App& app, int& exit_status);
void add_analyze(CLI::App& app, int& exit_status);
void add_explain(CLI::App& app, int& exit_status);
void add_status(CLI::App& app, int& exit_status);
void add_queue(CLI::App& app, int& exit_status);
void add_study(CLI::App& app, int& exit_status);
void add_model(CLI::App& app, int& exit_status);
void add_decode_worker(CLI::App& app, int& exit_status);
void add_config(CLI::App& app, int& exit_status);
void add_conformance(CLI::App& app, int& exit_status);
void add_reload(CLI::App& app, int& exit_status);
void add_backup(CLI::App& app, int& exit_status);
void add_manual(CLI::App& app, int& exit_status);  ///< last: it prints what the others added

constexpr const char* kDefaultConfig = "/etc/bucky/bucky.toml";

/// Gives `command` the option --config FILE (or $BUCKY_CONFIG); the path is filled when it runs.
std::shared_ptr<std::filesystem::path> config_option(CLI::App& command);

/// `bucky config diff`: 1 when the node runs with other settings than the file's.
int show_difference(const std::filesystem::path& config);

/// The argument must be there; without CLI11's own words in the help.
CLI::Validator existing_folder();
CLI::Validator existing_file();

/// The backlog, one line a lane.
std::string backlog_table(const std::vector<storage::Backlog>& lanes, std::int64_t now_ms);

}  // namespace bucky
