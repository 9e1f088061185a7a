// SPDX-License-Identifier: Apache-2.0
// Shelf: the loaded model packages, in the order of the config, and the choice of the package for
// an image. It is loaded once and may then be read by any thread. A shadow package is asked too,
// but its answers serve comparison: no image is ever reported by it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "conf/base/choices.h"
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

/// The gate that is asked before the models. off: there is none, and its folder is not read.
struct GateOptions {
    GateMode mode = GateMode::off;
    std::filesystem::path folder;
};

/// A package that is to be loaded.
struct Placed {
    std::filesystem::path folder;
    bool shadow = false;
};

/// The packages that may be asked. By default all of them, in the order of the shelf.
struct Among {
    std::vector<std::filesystem::path> folders;  ///< only these, in this order; empty: all
    std::string name;                            ///< only the package of this name; empty: any
    bool each = false;         ///< every package that accepts the image, not only the first
    bool fails_alone = false;  ///< a device that does not answer fails its package only
};

/// Loads the model of a package: it decides on the devices and the number of replicas.
using LoadModel = std::function<std::shared_ptr<Model>(const Package&)>;

class Shelf {
public:
    /// Reads each package, checks the hash of its weights, loads and warms it up on the device.
    /// Throws bad_input naming the package and everything that is wrong with it.
    Shelf(const std::vector<std::filesystem::path>& packages, const ModelOptions& options,
          const GateOptions& gate = {});
    Shelf(const std::vector<Placed>& packages, const LoadModel& load_model,
          const GateOptions& gate = {}, const ModelOptions& of_the_gate = {});

    /// The first package that accepts the image. If none does: the reason of the first package,
    /// which is the one that the admin put first; of a demonstration only where there is no other.
    /// A shadow package is never chosen, not even by its name.
    struct Choice {
        const LoadedPackage* taken = nullptr;
        std::optional<Reason> refused;
        /// With Among::each: the others that accept it. Weights of one version answer once.
        std::vector<const LoadedPackage*> further{};
    };
    Choice choose(const Header& header, const Among& among = {}) const;

    /// The shadow packages that accept the image.
    std::vector<const LoadedPackage*> shadows_of(const Header& header,
                                                 const Among& among = {}) const;

    /// Whether a package that reports would answer now. True for an empty shelf.
    bool answers() const;

    /// Also outlines findings that only one of these thresholds calls present. Call it before any
    /// thread reads the shelf.
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

/// Runs the model twice: the first runs of a TorchScript model take 1.5 to 3 times as long, and a
/// fault appears at the start instead of at the first patient. Throws corrupt when the answer is
/// not what the manifest says: another input shape, another number of answers, no heatmaps.
void warm_up(Model& model, const Package& package);

}  // namespace bucky::inference
