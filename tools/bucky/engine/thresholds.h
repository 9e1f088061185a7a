// SPDX-License-Identifier: Apache-2.0
// The thresholds of the config file against the model packages that are there: a threshold for
// another version, other weights or a finding that the model does not know is refused, because a
// score of one training says nothing about another's.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "conf/file/read.h"
#include "conf/settings.h"
#include "inference/package/thresholds.h"

namespace bucky {

/// Whether certificates, keys and the token are read, too (named_files.h).
enum class NamedFiles { left, read };

/// The file's settings, with its thresholds compared with the packages. Throws conf::ConfigError
/// with everything that is wrong at once.
conf::Settings checked_settings(const std::filesystem::path& file,
                                NamedFiles files = NamedFiles::left);

/// Every threshold that does not fit. Throws bad_input when a package cannot be read; reads none
/// when there are no thresholds.
std::vector<conf::Problem> threshold_problems(const conf::Settings& settings);

/// The same as conf::ConfigError.
void check_thresholds(const conf::Settings& settings, const std::filesystem::path& file);

/// What decides for this destination of this owner's images (conf/tenants.h); in the order of the
/// file, the more special before the more general, so that the first for a finding counts.
std::vector<inference::Threshold> thresholds_for(const conf::Settings& settings,
                                                 std::string_view destination,
                                                 std::string_view owner = "");

/// Every threshold of the file.
std::vector<inference::Threshold> all_thresholds(const conf::Settings& settings);

}  // namespace bucky
