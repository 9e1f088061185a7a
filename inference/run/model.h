// SPDX-License-Identifier: Apache-2.0
// Model: scores and heatmaps from a prepared image. Whoever runs one sees no LibTorch: that stands
// in torch_model.cpp alone, because its headers cost 14 s and 800 MB of compiler a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace bucky::inference {

/// What a model is given: float32, [channels, rows, columns], row-major.
struct ModelInput {
    std::uint32_t channels = 0, rows = 0, columns = 0;
    std::vector<float> values;
};

/// What it answers for one image: K scores and, where the package has them, K heatmaps.
struct ModelOutput {
    std::vector<float> scores;       ///< [K], 0..1
    std::uint32_t heatmap_rows = 0;  ///< 0: no heatmaps
    std::uint32_t heatmap_columns = 0;
    std::vector<float> heatmaps;  ///< [K, heatmap_rows, heatmap_columns], 0..1
};

/// What a model computes in. Weights stay as they are on disk; scores come out as float32.
enum class Precision { float32, bfloat16, float16 };

struct ModelOptions {
    std::string device = "auto";  ///< auto | cpu | cuda | cuda:N
    int threads = 0;              ///< intra-op threads of a CPU run; 0: all cores
    Precision precision = Precision::float32;
};

class Model {
public:
    virtual ~Model() = default;

    /// One answer an input, in their order; all inputs have one shape. Any thread; runs of one
    /// Model take turns.
    ///   err  bad_input when an input's shape is not what the model takes; exhausted when the
    ///   device
    ///        has no memory for so many; unavailable when the device failed; corrupt when the
    ///        output is not (scores [N, K], heatmaps [N, K, h, w]) or not finite
    virtual std::vector<ModelOutput> run_batch(std::span<const ModelInput* const> inputs) = 0;

    /// The same for one.
    ModelOutput run(const ModelInput& input) {
        const ModelInput* one = &input;
        return std::move(run_batch({&one, 1}).front());
    }

    virtual std::string device() const = 0;  ///< "cpu (2 threads)" or "cuda:0": what it really uses

    /// Of a model that may lose its device: would it answer now, and what should a person know?
    virtual bool answers() const { return true; }
    virtual std::vector<std::string> troubles() const { return {}; }
};

/// What a device's name stands for here: "auto" is every GPU that answers, else the CPU; "cuda" is
/// every GPU; "cpu" and "cuda:N" are themselves.
///   err  as load_torch_model's of the device
std::vector<std::string> devices_named(const std::string& name);

/// This LibTorch loads AOTInductor's packages (2.x does).
bool loads_compiled();

/// Loads TorchScript weights: freeze and, on a CPU, optimize_for_inference. The first two runs are
/// slow: Shelf makes them.
/// Weights that end in .pt2 are AOTInductor's, which LibTorch 2.x loads.
///   err  bad_input when these are no weights, the device's name is none or cannot compute in that
///        precision; unavailable when `cuda` was asked for and there is none
std::shared_ptr<Model> load_torch_model(const std::filesystem::path& weights,
                                        const ModelOptions& options);

}  // namespace bucky::inference
