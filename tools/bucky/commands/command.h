// SPDX-License-Identifier: Apache-2.0
// The commands of the program. Each add_x() adds one subcommand to `app`. When the command line
// names it, its callback runs while CLI11 parses and leaves its exit status in `exit_status`.
// main() prints what a callback throws: a ConfigError exits with 2, any other Error with 1.
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
void add_archive(CLI::App& app, int& exit_status);
void add_alert(CLI::App& app);
void add_coverage(CLI::App& app, int& exit_status);
void add_audit(CLI::App& app, int& exit_status);
void add_shadow(CLI::App& app, int& exit_status);
void add_doctor(CLI::App& app, int& exit_status);
void add_decisions(CLI::App& app, int& exit_status);
void add_join(CLI::App& app, int& exit_status);
void add_site(CLI::App& app, int& exit_status);
void add_export_triton(CLI::App& model);           ///< below `bucky model`
void add_manual(CLI::App& app, int& exit_status);  ///< add it last: it prints the others

constexpr const char* kDefaultConfig = "/etc/bucky/bucky.toml";

/// Gives `command` the option --config FILE (or $BUCKY_CONFIG); the path is filled when it runs.
std::shared_ptr<std::filesystem::path> config_option(CLI::App& command);

/// `bucky config diff`: returns 1 when the node runs with settings other than the file's.
int show_difference(const std::filesystem::path& config);

/// The argument must exist; with our own words in the help instead of CLI11's.
CLI::Validator existing_folder();
CLI::Validator existing_file();

/// The backlog, one line per lane.
std::string backlog_table(const std::vector<storage::Backlog>& lanes, std::int64_t now_ms);

}  // namespace bucky
