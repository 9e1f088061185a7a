// SPDX-License-Identifier: Apache-2.0
// A package as it travels from a service to its sites: everything but the weights. Pure but for
// reading the package's files.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "inference/package/package.h"

namespace bucky::inference {

/// model.toml with weights_sha256 instead of sha256 and without [compiled] and [remote].
///   err  bad_input when it is no manifest
std::string manifest_without_weights(const std::filesystem::path& folder);

/// Names and bytes of the files: the manifest, CARD.md if there is one, the golden files.
///   err  bad_input; unavailable when a file cannot be read
std::vector<std::pair<std::string, std::string>> files_without_weights(const Package& package);

}  // namespace bucky::inference
