// SPDX-License-Identifier: Apache-2.0
// Model: scores and heatmaps from a prepared image. Whoever runs one sees no LibTorch: that stands
// in torch_model.cpp alone, because its headers cost 14 s and 800 MB of compiler a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
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

struct ModelOptions {
    std::string device = "auto";  ///< auto | cpu | cuda | cuda:N
    int threads = 0;              ///< intra-op threads of a CPU run; 0: all cores
};

class Model {
public:
    virtual ~Model() = default;

    /// Any thread; runs of one Model take turns. Throws bad_input when the input's shape is not
    /// what the model takes, unavailable when the device failed, corrupt when the output is not
    /// (scores [K], heatmaps [K, h, w]) or not finite.
    virtual ModelOutput run(const ModelInput& input) = 0;

    virtual std::string device() const = 0;  ///< "cpu (2 threads)" or "cuda:0": what it really uses
};

/// Loads TorchScript weights: freeze and, on a CPU, optimize_for_inference. The first two runs are
/// slow: Shelf makes them.
///   err  bad_input when these are no weights or the device's name is none; unavailable when `cuda`
///        was asked for and there is none
std::shared_ptr<Model> load_torch_model(const std::filesystem::path& weights,
                                        const ModelOptions& options);

}  // namespace bucky::inference
