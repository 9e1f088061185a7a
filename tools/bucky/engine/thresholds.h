// SPDX-License-Identifier: Apache-2.0
// Checks the thresholds of the config file against the installed model packages. A threshold for
// another version, other weights or a finding that the model does not have is refused, because
// scores of two trainings cannot be compared.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "conf/file/read.h"
#include "conf/settings.h"
#include "inference/package/thresholds.h"

namespace bucky {

/// Whether certificates, keys, the token (referenced_files.h) and packages (model_pool.h) are read
/// too.
enum class NamedFiles { left, read };

/// What only the caller can check.
using MoreProblems =
    std::function<std::vector<conf::Problem>(const conf::Settings&, const conf::Lines&)>;

/// The file's settings, after a check of the thresholds against the packages. Throws
/// conf::ConfigError with all problems at once.
conf::Settings checked_settings(const std::filesystem::path& file,
                                NamedFiles files = NamedFiles::left, const MoreProblems& more = {});

/// Every threshold that does not fit. Throws bad_input when a package cannot be read. Reads no
/// package when there are no thresholds.
std::vector<conf::Problem> threshold_problems(const conf::Settings& settings);

/// The same as conf::ConfigError.
void check_thresholds(const conf::Settings& settings, const std::filesystem::path& file);

/// The thresholds for this destination and owner (conf/tenants.h), in the order of the file with
/// the more specific first: the first one for a finding counts.
std::vector<inference::Threshold> thresholds_for(const conf::Settings& settings,
                                                 std::string_view destination,
                                                 std::string_view owner = "");

/// Every threshold of the file.
std::vector<inference::Threshold> all_thresholds(const conf::Settings& settings);

}  // namespace bucky
