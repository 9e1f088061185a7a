// SPDX-License-Identifier: Apache-2.0
// Package: a folder from the maker of a model: model.toml, weights.ts, CARD.md. The manifest states
// the model's input, the images that it accepts, its answers and their thresholds.
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
    double range_low = 0, range_high = 1;          ///< the values of black and of white
    std::vector<double> mean, standard_deviation;  ///< one for each channel
    Resample resample = Resample::area;
    Fit fit = Fit::letterbox;
};

/// What made an image, by its header: the values that an accepted image has. Empty: any.
struct Equipment {
    std::string manufacturer, model_name;  ///< compared whole
    std::string uid_root;                  ///< of the SOP Instance UID: "2.25"
};

struct Accepts {
    std::vector<Equipment> equipment;  ///< one of these, all of its values; empty: any
    bool demonstration = false;        ///< the package's purpose
    std::vector<std::string> sop_classes, modalities, body_parts, views;  ///< "": may be missing
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
    /// A finding is outlined from this score on, where a site sets its threshold below `threshold`.
    double outlined_from = 1;
    std::optional<double> undetermined_from = {};  ///< below `threshold`; not set: no band
    bool is_suspicion = false;                     ///< Finding has the meaning of these
    std::uint32_t urgency = kUrgencyLast;
    std::optional<Code> site = {};
    std::optional<CadCodes> cad = {};
};

/// A test input that the maker of the package ran, and its output: raw float32, little endian.
struct Golden {
    std::filesystem::path input;   ///< [C, H, W]
    std::filesystem::path output;  ///< scores [K], then heatmaps [K, h, w] if there are any
    double tolerance = 1e-3;       ///< for each number
};

/// The same weights, compiled by AOTInductor for one kind of device.
struct Compiled {
    std::filesystem::path weights;
    std::string sha256;
    std::string device;  ///< "cpu" or "cuda"
};

/// The same model on a server of the Open Inference Protocol.
struct RemoteSpec {
    std::string model;    ///< its name there; empty: as here
    std::string version;  ///< empty: as here if the server has it, else the server chooses
    std::string input;    ///< a tensor's name; empty: the first of the server's metadata
    std::vector<std::string> outputs;  ///< scores and heatmaps; empty: in the metadata's order
    bool float16 = false;              ///< the input travels as FP16
    bool binary = true;  ///< tensors travel as bytes; false: as numbers of the JSON, for servers
                         ///< without the binary tensor extension
};

/// What the maker says of a package for `bucky model list --shipped`, in the words of CARD.md.
struct Told {
    std::string patients;  ///< on whose images it was made: "children of 0 to 6 years"
    std::string measured;  ///< what was measured, on how many images; empty: nothing
};

/// What every kind of package states.
struct PackageHead {
    std::filesystem::path folder;
    ModelIdentity identity;
    std::string licence;
    Told told;
    std::filesystem::path weights;  ///< absolute; empty: they are not here, only their hash
    std::string weights_name;       ///< in the folder, also of weights that are not here
    InputSpec input;
};

struct Package : PackageHead {
    Accepts accepts;
    bool has_heatmaps = false;
    std::vector<FindingSpec> findings;
    std::vector<Golden> golden;
    std::optional<Compiled> compiled;
    RemoteSpec remote;
};

/// The limits at which the gate objects.
struct GateLimits {
    double chest = 0.5;     ///< below it: not a frontal chest radiograph
    double upright = 0.5;   ///< below it: rotated
    double inverted = 0.5;  ///< at or above it: inverted
    double mirrored = 0.5;  ///< at or above it: mirrored
    /// `chest` for an image whose header names no view: it may be a lateral.
    std::optional<double> chest_without_view = {};
};

/// The package of the gate (gate.h): its model.toml has [gate] instead of [accepts] and
/// [[finding]].
struct GatePackage : PackageHead {
    GateLimits limits;
};

/// in   the folder of a package
/// out  its manifest; the weights have the hash that the manifest states. A manifest with
///      weights_sha256 may come without them; then it needs golden inputs
/// err  bad_input with all problems in one message, one a line: "model.toml:12: key: what"
Package read_package(const std::filesystem::path& folder);

/// The same, but problems are added to `problems` and reading goes on.
///   err  bad_input when there is no manifest at all
Package read_package(const std::filesystem::path& folder, std::vector<std::string>& problems);

/// What the package in this folder is for. Reads no weights.
///   err  bad_input when there is no manifest or it has another word
Purpose purpose_of(const std::filesystem::path& folder);

/// The same for the package of the gate.
GatePackage read_gate_package(const std::filesystem::path& folder);

}  // namespace bucky::inference
