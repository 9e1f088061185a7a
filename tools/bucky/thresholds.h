// SPDX-License-Identifier: Apache-2.0
// The thresholds of the config file against the model packages that are there: a threshold for
// another version, other weights or a finding that the model does not know is refused, because a
// score of one training says nothing about another's.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "conf/settings.h"
#include "inference/thresholds.h"

namespace bucky {

/// Throws conf::ConfigError with every threshold that does not fit; bad_input when a package cannot
/// be read. Reads no package when there are no thresholds.
void check_thresholds(const conf::Settings& settings, const std::filesystem::path& file);

/// What decides for this destination; in the order of the file, its own before those for all.
std::vector<inference::Threshold> thresholds_for(const conf::Settings& settings,
                                                 std::string_view destination);

/// Every threshold of the file.
std::vector<inference::Threshold> all_thresholds(const conf::Settings& settings);

}  // namespace bucky
