// SPDX-License-Identifier: Apache-2.0
// Model: scores and heatmaps from a prepared image. LibTorch is included only in torch_model.cpp,
// because its headers take the compiler 14 s and 800 MB for each file.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "conf/base/choices.h"
#include "conf/base/error.h"

namespace bucky::inference {

/// The input of a model: float32, [channels, rows, columns], row-major.
struct ModelInput {
    std::uint32_t channels = 0, rows = 0, columns = 0;
    std::vector<float> values;
};

/// Its answer for one image: K scores and, if the package has them, K heatmaps.
struct ModelOutput {
    std::vector<float> scores;       ///< [K], 0..1
    std::uint32_t heatmap_rows = 0;  ///< 0: no heatmaps
    std::uint32_t heatmap_columns = 0;
    std::vector<float> heatmaps;  ///< [K, heatmap_rows, heatmap_columns], 0..1
    std::string device{};         ///< that answered, where it was not here: "remote: ai.example"
};

/// Nobody was there to run the image, and it was not tried: it is given back as if it had not been
/// asked for.
class NobodyAnswers : public Error {
public:
    explicit NobodyAnswers(const std::string& words) : Error(Fault::unavailable, "{}", words) {}
};

/// The same for a device that is there and asks for a pause.
class Later : public NobodyAnswers {
public:
    Later(const std::string& words, std::chrono::milliseconds after)
        : NobodyAnswers(words), after_(after) {}
    std::chrono::milliseconds after() const noexcept { return after_; }

private:
    std::chrono::milliseconds after_;
};

struct ModelOptions {
    std::string device = "auto";  ///< auto | cpu | cuda | cuda:N
    int threads = 0;              ///< intra-op threads of a CPU run; 0: all cores
    Precision precision = Precision::float32;
};

class Model {
public:
    virtual ~Model() = default;

    /// One answer for each input, in their order; all inputs have the same shape. Any thread; runs
    /// of one Model wait for each other.
    ///   err  bad_input when the shape of an input is not the model's; exhausted when the device
    ///        has no memory for so many; unavailable when the device failed; corrupt when the
    ///        output is not (scores [N, K], heatmaps [N, K, h, w]) or not finite
    virtual std::vector<ModelOutput> run_batch(std::span<const ModelInput* const> inputs) = 0;

    /// The same for one input.
    ModelOutput run(const ModelInput& input) {
        const ModelInput* one = &input;
        return std::move(run_batch({&one, 1}).front());
    }

    /// The same, and `meanwhile` on this thread: while the model runs, where it runs on a thread of
    /// its own, else before. Throws what `meanwhile` throws, too.
    virtual ModelOutput run_and(const ModelInput& input, const std::function<void()>& meanwhile) {
        meanwhile();
        return run(input);
    }

    virtual std::string device() const = 0;  ///< the device in use: "cpu (2 threads)" or "cuda:0"

    /// Whether it would answer now, and what an admin should know. A model may lose its device.
    virtual bool answers() const { return true; }
    virtual std::vector<std::string> troubles() const { return {}; }

    /// Since when it does not answer (UTC); 0: it answers.
    virtual std::int64_t away_since_ms() const { return 0; }

    /// False: inputs leave this machine, and text in the pixels must not leave with them.
    virtual bool text_may_pass() const { return true; }

    /// Makes sure once more that this is the package's model, where its weights are out of reach.
    /// Throws unavailable when it is not.
    virtual void prove() {}
};

/// The devices that a name means on this machine. "auto": every GPU that answers, else the CPU;
/// "cuda": every GPU; "cpu" and "cuda:N": only that device.
///   err  the errors of load_torch_model about the device
std::vector<std::string> devices_named(const std::string& name);

/// Whether this LibTorch loads packages of AOTInductor (2.x does).
bool loads_compiled();

/// Loads TorchScript weights, freezes them and, on a CPU, applies optimize_for_inference. The first
/// two runs are slow: Shelf makes them. Weights that end with .pt2 are a package of AOTInductor,
/// which LibTorch 2.x loads.
///   err  bad_input when these are no weights, or the device is unknown or does not support that
///        precision; unavailable when `cuda` was asked for and there is none
std::shared_ptr<Model> load_torch_model(const std::filesystem::path& weights,
                                        const ModelOptions& options);

}  // namespace bucky::inference
