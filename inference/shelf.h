// SPDX-License-Identifier: Apache-2.0
// Shelf: the model packages that are loaded, in the order of the config, and which of them takes an
// image. Loaded once, then read by any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "inference/findings.h"
#include "inference/gate.h"
#include "inference/header.h"
#include "inference/model.h"
#include "inference/package.h"

namespace bucky::inference {

/// A package with its weights in memory.
struct LoadedPackage {
    Package package;
    std::shared_ptr<Model> model;
};

/// Which gate stands before the models; off: none, and its folder is not read.
struct GateOptions {
    GateMode mode = GateMode::off;
    std::filesystem::path folder;
};

class Shelf {
public:
    /// Reads each package, checks the hash of its weights, loads and warms it up on the device.
    /// Throws bad_input naming the package and everything that is wrong with it.
    Shelf(const std::vector<std::filesystem::path>& packages, const ModelOptions& options,
          const GateOptions& gate = {});

    /// The first package that takes this image, or why none does (the reason of the first package,
    /// the one the admin put first).
    struct Choice {
        const LoadedPackage* taken = nullptr;
        std::optional<Reason> refused;
    };
    Choice choose(const Header& header) const;

    const std::vector<LoadedPackage>& packages() const noexcept { return packages_; }

    const Gate* gate() const noexcept { return gate_.get(); }  ///< null: off
    GateMode gate_mode() const noexcept { return gate_mode_; }

private:
    GateMode gate_mode_;
    std::unique_ptr<const Gate> gate_;
    std::vector<LoadedPackage> packages_;
};

}  // namespace bucky::inference
