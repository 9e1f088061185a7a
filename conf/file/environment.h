// SPDX-License-Identifier: Apache-2.0
// Keys of the config file that stand in the environment instead, for containers:
// BUCKY__SCP__PORT=104 is `port = 104` of [scp], and BUCKY__DESTINATION__2__HOST=pacs the `host` of
// the second [[destination]]. A variable wins over the file. Its keys have line 0 (read.h).
#pragma once

#include <string>
#include <vector>

#include <toml++/toml.h>

#include "conf/file/read.h"

namespace bucky::conf {

/// The variables of this process whose names begin with BUCKY__, as "NAME=value".
std::vector<std::string> environment_keys();

/// Sets them in `root`, a parsed file. A text or a path stands in a variable as it is, everything
/// else as in TOML: `5`, `true`, `["a", "b"]`. A [[section]] is numbered from 1; the number after
/// the file's last one adds a section. Returns what is wrong with a name, or is no TOML; whether a
/// value is allowed is the reader's to say.
std::vector<Problem> add_environment(toml::table& root, std::vector<std::string> variables);

}  // namespace bucky::conf
