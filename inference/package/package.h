// SPDX-License-Identifier: Apache-2.0
// Package: a folder that a model maker hands over: model.toml, weights.ts, CARD.md. The manifest
// says what the model eats, what it accepts, what it answers and at which threshold.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "inference/findings.h"
#include "inference/pixels/resample.h"

namespace bucky::inference {

enum class Values { display, modality };      ///< windowed 0..1, or after the Modality LUT
enum class Fit { letterbox, stretch, crop };  ///< prepare.h has the formulas

struct InputSpec {
    std::uint32_t width = 0, height = 0, channels = 1;
    Values values = Values::display;
    double range_low = 0, range_high = 1;          ///< what black and white become
    std::vector<double> mean, standard_deviation;  ///< one a channel
    Resample resample = Resample::area;
    Fit fit = Fit::letterbox;
};

struct Accepts {
    std::vector<std::string> sop_classes, modalities, body_parts, views;  ///< "" = may be missing
    std::vector<std::string> orientations{"L\\F", ""};                    ///< Patient Orientation
    bool secondary_images = false;      ///< Image Type 2 SECONDARY
    bool burned_in_annotation = false;  ///< Burned In Annotation YES
    std::optional<double> min_age_years, max_age_years;
    bool age_may_be_missing = true;
    std::uint32_t min_rows = 0, min_columns = 0;
};

struct FindingSpec {
    std::string key, name, name_ko;
    Code code;
    double threshold = 0.5;
    double heatmap_threshold = 0.5;
    bool located = false;
    /// From this score on it is outlined, when a site calls it present at less than `threshold`.
    double outlined_from = 1;
    std::optional<double> undetermined_from = {};  ///< below `threshold`; nothing: no such band
};

/// An input that whoever made the package ran, and what came out: raw float32, little endian.
struct Golden {
    std::filesystem::path input;   ///< [C, H, W]
    std::filesystem::path output;  ///< scores [K], then heatmaps [K, h, w] where there are any
    double tolerance = 1e-3;       ///< of each number
};

/// The same weights, compiled by AOTInductor for one kind of device.
struct Compiled {
    std::filesystem::path weights;
    std::string sha256;
    std::string device;  ///< "cpu" or "cuda"
};

/// What every package says, whatever it is for.
struct PackageHead {
    std::filesystem::path folder;
    ModelIdentity identity;
    std::string licence;
    std::filesystem::path weights;  ///< absolute
    InputSpec input;
};

struct Package : PackageHead {
    Accepts accepts;
    bool has_heatmaps = false;
    std::vector<FindingSpec> findings;
    std::vector<Golden> golden;
    std::optional<Compiled> compiled;
};

/// From where on the gate objects.
struct GateLimits {
    double chest = 0.5;     ///< below it: no frontal chest radiograph
    double upright = 0.5;   ///< below it: it is rotated
    double inverted = 0.5;  ///< from it on
    double mirrored = 0.5;  ///< from it on
};

/// The package that gate.h asks: model.toml has [gate] instead of [accepts] and [[finding]].
struct GatePackage : PackageHead {
    GateLimits limits;
};

/// in   the folder of a package
/// out  its manifest; the weights exist and have the hash that the manifest names
/// err  bad_input with every problem in one message, a line each: "model.toml:12: key: what"
Package read_package(const std::filesystem::path& folder);

/// The same, as far as it can be read: what is wrong goes to `problems`.
///   err  bad_input when there is no manifest at all
Package read_package(const std::filesystem::path& folder, std::vector<std::string>& problems);

/// The same for the package of the gate.
GatePackage read_gate_package(const std::filesystem::path& folder);

}  // namespace bucky::inference
