// SPDX-License-Identifier: Apache-2.0
// check: is a package sound, here, on this device? Everything that is wrong at once, so that its
// maker mends it in one go. Any thread; takes as long as loading the model and a few runs of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "inference/package/package.h"
#include "inference/run/model.h"

namespace bucky::inference {

struct Checked {
    Package package;
    std::string device;                 ///< where it ran; empty: it did not load
    std::vector<std::string> problems;  ///< a sentence each; empty: the package is sound
    std::vector<std::string> notes;     ///< "golden-1: the numbers differ by at most 0.0003"
};

/// Reads, loads, lets it answer a black and a grey image, alone and together, and runs every golden
/// input again.
///   in   the folder of a package; how to run it
///   out  see above: the manifest, the hash, the shapes, the number of answers, their range, what
///        golden outputs say
///   err  bad_input when there is no manifest; unavailable when the device is not there
Checked check_package(const std::filesystem::path& folder, const ModelOptions& options);

/// The weights that a package brings for this device: the compiled ones where there are such and
/// this LibTorch loads them.
const std::filesystem::path& weights_for(const Package& package, const std::string& device);

}  // namespace bucky::inference
