// SPDX-License-Identifier: Apache-2.0
// Packages that a site took from its service (remote.versions = "auto"): they lie in
// data_dir/packages and stand in for older versions that the config names.
#pragma once

#include <filesystem>

#include "conf/settings.h"
#include "inference/package/package.h"

namespace bucky {

std::filesystem::path taken_packages(const conf::Settings& settings);

/// Whether this folder is one of them. Such a package has no weights, so that it is no program.
bool is_taken(const conf::Settings& settings, const std::filesystem::path& folder);

/// Whether [[model]] names the hash of this folder's weights: then nothing stands in for it.
bool is_pinned_by_hash(const conf::Settings& settings, const std::filesystem::path& folder);

/// The settings with the newest sound taken package in the place of each folder.
conf::Settings with_taken_packages(conf::Settings settings);

}  // namespace bucky
