// SPDX-License-Identifier: Apache-2.0
// The package of the model that tests/support/oip_server.py runs: without weights, with a golden
// input. It takes what the phantoms of the tests are.
#pragma once

#include <filesystem>
#include <string>

#include "inference/run/model.h"

namespace bucky::test {

inline const std::string kSpotsHash(64, 'a');

/// A picture of the size that the package wants, with a bright block in its right half.
inference::ModelInput spots_input(float brightest);

/// The server's answer to it, computed here.
inference::ModelOutput spots_answer(const inference::ModelInput& input);

/// Writes the package. `more`: further lines of its manifest, such as a [remote] table.
void write_spots_package(const std::filesystem::path& folder, const std::string& more = "");

}  // namespace bucky::test
