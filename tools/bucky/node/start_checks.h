// SPDX-License-Identifier: Apache-2.0
// What the machine and the file's neighbours say of a config, beyond what the file itself tells
// (engine/thresholds.h): one list for `bucky config check` and `bucky doctor`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "conf/file/read.h"
#include "conf/settings.h"

namespace bucky {

/// As root: goes on as the user whom data_dir belongs to, the service's, and says so. What only
/// root can read is then told as the node would tell it. Empty: this user stays.
std::string become_the_service(const std::filesystem::path& config);

/// What the machine must give to a node at its start; nothing while one runs, which has it.
std::vector<conf::Problem> problems_of_start(const conf::Settings& settings,
                                             const conf::Lines& lines);

/// What an admin may want otherwise; the node starts with it. A sentence each.
std::vector<std::string> advice_on(const conf::Settings& settings);

}  // namespace bucky
