// SPDX-License-Identifier: Apache-2.0
// check: whether a package is sound on this device. It reports all problems at once, so that they
// can be mended together. Any thread; takes as long as loading the model and a few runs of it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "inference/package/package.h"
#include "inference/run/model.h"

namespace bucky::inference {

struct Checked {
    Package package;
    std::string device;                 ///< where the model ran; empty: it was not loaded
    std::vector<std::string> problems;  ///< one sentence each; empty: the package is sound
    std::vector<std::string> notes;     ///< "golden-1: the numbers differ by at most 0.0003"
};

/// Reads and loads the package, runs a black and a grey image, alone and together, and repeats
/// every golden input.
///   in   the folder of a package; how to run it
///   out  problems of the manifest, the hash, the shapes, the number of answers, their range and
///        the golden outputs
///   err  bad_input when there is no manifest; unavailable when the device is not there
Checked check_package(const std::filesystem::path& folder, const ModelOptions& options);

/// Runs a golden input.
///   in   a package, one of its golden inputs, how to run it
///   out  the largest difference of a number from the golden output, at most its tolerance
///   err  corrupt when it is more, or when there are more or fewer numbers
float golden_difference(const Package& package, const Golden& golden,
                        const std::function<ModelOutput(const ModelInput&)>& run);

/// The weights of a package for this device: the compiled ones, if there are any for it and this
/// LibTorch can load them.
const std::filesystem::path& weights_for(const Package& package, const std::string& device);

}  // namespace bucky::inference
