// SPDX-License-Identifier: Apache-2.0
// Where the service's systemd unit lets the node write: its StateDirectory, /var/lib/bucky, and
// what drop-ins add. A config that names other folders needs one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "conf/settings.h"

namespace bucky {

/// The drop-in with which the unit lets the node write where these settings say, with the commands
/// that make its folders as comments; a comment alone where it needs none.
std::string unit_drop_in(const conf::Settings& settings);

/// A sentence for each folder of these settings that the unit installed below `root` does not let
/// the node write, or that is not there. Empty where no unit is installed.
std::vector<std::string> unit_troubles(const conf::Settings& settings,
                                       const std::filesystem::path& root = "/");

}  // namespace bucky
