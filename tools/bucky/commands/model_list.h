// SPDX-License-Identifier: Apache-2.0
// `bucky model list`: the packages of a config, or those that lie in a folder, for a terminal.
#pragma once

#include <filesystem>
#include <string>

#include "conf/settings.h"

namespace bucky {

/// The packages of the config in their order, a line each.
std::string models_of_config(const conf::Settings& settings);

/// The same as JSON: {"models": [...], "notes": [...]}.
std::string models_as_json(const conf::Settings& settings);

/// Where this program's own packages lie: share/bucky/models beside its bin, else
/// /usr/share/bucky/models.
std::filesystem::path shipped_models();

/// Each package in this folder: what it reads, of whom, what was measured, in its manifest's words.
/// Throws bad_input when none lies there.
std::string models_in(const std::filesystem::path& folder);

}  // namespace bucky
