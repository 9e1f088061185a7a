// SPDX-License-Identifier: Apache-2.0
// Gate: a check of the pixels before any model is asked about disease. Headers can be wrong: a hip
// labelled CHEST, a screenshot labelled DX. A small package of its own (models/cxr-gate) answers
// whether the image is a frontal chest radiograph, upright, inverted, mirrored.
//
// Loaded once, then used by any thread. The caller decides what an objection leads to: GateMode.
// docs/decisions/0401-image-gate.md.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inference/findings.h"
#include "inference/package/package.h"
#include "inference/pixels/header.h"
#include "inference/pixels/image.h"
#include "inference/run/model.h"

namespace bucky::inference {

/// What the image looks like, each 0..1. The four values of rotation add up to 1.
struct GateOpinion {
    double chest = 0;  ///< a frontal chest radiograph, in any orientation
    double upright = 0, turned_left = 0, upside_down = 0, turned_right = 0;
    double inverted = 0;  ///< bone is dark
    double mirrored = 0;  ///< the heart is on the other side
};

/// An objection of the gate. A serious one is a reason not to analyse, any other is a warning.
struct Objection {
    Reason reason;
    bool serious = true;
};

/// The limits for an image with this header: stricter where it names no view. A lateral that says
/// so is refused before, by its header.
GateLimits limits_for(const GateLimits& limits, const Header& header);

/// in   the opinion; the limits of limits_for(); Patient Orientation of the header
/// out  the objections; none when the image is as it should be. An image that is no chest has only
///      that objection: its orientation means nothing
/// err  none
std::vector<Objection> objections(const GateOpinion& opinion, const GateLimits& limits,
                                  const std::vector<std::string>& patient_orientation);

class Gate {
public:
    /// Reads the package, checks the hash of its weights, loads and warms it up.
    /// Throws bad_input naming the package and everything that is wrong with it.
    Gate(const std::filesystem::path& folder, const ModelOptions& options);

    /// Throws what Model::run() throws.
    GateOpinion look(const Image& image) const;

    const GatePackage& package() const noexcept { return package_; }

private:
    GatePackage package_;
    std::shared_ptr<Model> model_;
};

/// The default gate for these model packages: the folder cxr-gate beside the first package.
std::filesystem::path gate_beside(const std::vector<std::filesystem::path>& packages);

}  // namespace bucky::inference
