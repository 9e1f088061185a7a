// SPDX-License-Identifier: Apache-2.0
// Gate: what an image shows, asked of its pixels before a model is asked about disease. Headers
// lie: a hip says CHEST, a screen says DX. A small package of its own (models/cxr-gate) answers
// whether this is a frontal chest radiograph, upright, inverted, mirrored.
//
// Loaded once, then asked by any thread. What follows from its objections is the caller's choice:
// GateMode. docs/decisions/0401-image-gate.md.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inference/findings.h"
#include "inference/package/package.h"
#include "inference/pixels/image.h"
#include "inference/run/model.h"

namespace bucky::inference {

enum class GateMode { off, warn, refuse };

/// "off", "warn" or "refuse"; throws bad_input for any other word.
GateMode gate_mode_of(std::string_view word);

/// What an image looks like, each 0..1; the four of rotation add up to 1.
struct GateOpinion {
    double chest = 0;  ///< a frontal chest radiograph, however it lies
    double upright = 0, turned_left = 0, upside_down = 0, turned_right = 0;
    double inverted = 0;  ///< bone is dark
    double mirrored = 0;  ///< the heart lies on the other side
};

/// An objection of the gate. A serious one is a reason not to analyse; the others are warnings.
struct Objection {
    Reason reason;
    bool serious = true;
};

/// in   what the image looks like; the gate's limits; Patient Orientation of the header
/// out  what speaks against analysing it; nothing when the image is as it should be. A picture that
///      is no chest has no other objection: how it lies means nothing then
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

/// The folder of the gate that comes with these model packages: cxr-gate beside the first.
std::filesystem::path gate_beside(const std::vector<std::filesystem::path>& packages);

}  // namespace bucky::inference
