// SPDX-License-Identifier: Apache-2.0
// Shelf: the model packages that are loaded, in the order of the config, and which of them takes an
// image. Loaded once, then read by any thread. A shadow package is asked too, but its answers are
// for comparison: no image is ever reported by it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "inference/findings.h"
#include "inference/gate/gate.h"
#include "inference/package/package.h"
#include "inference/package/thresholds.h"
#include "inference/pixels/header.h"
#include "inference/run/model.h"

namespace bucky::inference {

/// A package with its weights in memory.
struct LoadedPackage {
    Package package;
    std::shared_ptr<Model> model;
    bool shadow = false;
};

/// Which gate stands before the models; off: none, and its folder is not read.
struct GateOptions {
    GateMode mode = GateMode::off;
    std::filesystem::path folder;
};

/// A package that is to stand on a shelf.
struct Placed {
    std::filesystem::path folder;
    bool shadow = false;
};

/// Which packages may be asked; by default all of them, in the order of the shelf.
struct Among {
    std::vector<std::filesystem::path> folders;  ///< these alone, in this order; none: all
    std::string name;                            ///< the package of this name alone; empty: any
};

/// Gives a package its model: on which devices, in how many replicas.
using LoadModel = std::function<std::shared_ptr<Model>(const Package&)>;

class Shelf {
public:
    /// Reads each package, checks the hash of its weights, loads and warms it up on the device.
    /// Throws bad_input naming the package and everything that is wrong with it.
    Shelf(const std::vector<std::filesystem::path>& packages, const ModelOptions& options,
          const GateOptions& gate = {});
    Shelf(const std::vector<Placed>& packages, const LoadModel& load_model,
          const GateOptions& gate = {}, const ModelOptions& of_the_gate = {});

    /// The first package that takes this image, or why none does (the reason of the first package,
    /// the one the admin put first). A shadow that is asked for by its name may not take it either.
    struct Choice {
        const LoadedPackage* taken = nullptr;
        std::optional<Reason> refused;
    };
    Choice choose(const Header& header, const Among& among = {}) const;

    /// The shadow packages that take it.
    std::vector<const LoadedPackage*> shadows_of(const Header& header,
                                                 const Among& among = {}) const;

    /// Some package that reports would answer now; true of an empty shelf.
    bool answers() const;

    /// Outlines what one of these calls present too, for whom they are meant. Before anybody reads.
    void outline_for(std::span<const Threshold> thresholds);

    const std::vector<LoadedPackage>& packages() const noexcept { return packages_; }

    const Gate* gate() const noexcept { return gate_.get(); }  ///< null: off
    GateMode gate_mode() const noexcept { return gate_mode_; }

private:
    std::vector<const LoadedPackage*> those(const Among& among) const;

    GateMode gate_mode_;
    std::unique_ptr<const Gate> gate_;
    std::vector<LoadedPackage> packages_;
};

/// The first runs of a TorchScript model take 1.5 to 3 times as long, and show at the start what
/// would else fail at the first patient. Throws corrupt when the answer is not what the manifest
/// says: another input shape, another number of answers, no heatmaps.
void warm_up(Model& model, const Package& package);

}  // namespace bucky::inference
