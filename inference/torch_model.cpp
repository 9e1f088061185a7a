// SPDX-License-Identifier: Apache-2.0
// The only file of the program that includes LibTorch: 14 s and 800 MB of compiler.
#include "inference/model.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <string_view>
#include <thread>

#include <ATen/Parallel.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/script.h>

#include "conf/base/error.h"

namespace bucky::inference {
namespace {

/// LibTorch's texts carry C++ backtraces: the first line says what is wrong.
std::string first_line(std::string_view text) {
    constexpr std::size_t kLineMax = 300;
    return std::string(text.substr(0, std::min(text.find('\n'), kLineMax)));
}

/// TorchScript wraps a Python-like traceback around what an operator said: the last line says it.
std::string last_line(std::string_view text) {
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    const auto from = text.rfind('\n');
    return first_line(from == std::string_view::npos ? text : text.substr(from + 1));
}

bool answers(const c10::Device& device) {
    if (!c10::impl::hasDeviceGuardImpl(device.type())) return false;
    const int count = c10::impl::VirtualGuardImpl(device.type()).deviceCount();
    return count > std::max<int>(device.index(), 0);
}

c10::Device device_named(const std::string& name) {
    const c10::Device first_gpu(c10::DeviceType::CUDA, 0);
    if (name == "cpu") return c10::Device(c10::DeviceType::CPU);
    if (name == "auto") return answers(first_gpu) ? first_gpu : c10::Device(c10::DeviceType::CPU);
    c10::Device device = first_gpu;
    try {
        if (name != "cuda") device = c10::Device(name);
    } catch (const c10::Error&) {
        throw Error(Fault::bad_input, "device \"{}\": must be auto, cpu, cuda or cuda:N", name);
    }
    if (!device.is_cuda()) {
        throw Error(Fault::bad_input, "device \"{}\": must be auto, cpu, cuda or cuda:N", name);
    }
    if (!answers(device)) {
        throw Error(Fault::unavailable,
                    "device \"{}\": {}; device = \"auto\" falls back to the CPU", name,
                    c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA)
                        ? "no such GPU answers"
                        : "this LibTorch was built without CUDA");
    }
    return device;
}

int threads_or_all(int threads) {
    return threads > 0 ? threads
                       : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

class TorchModel final : public Model {
public:
    TorchModel(const std::filesystem::path& weights, const ModelOptions& options)
        : device_(device_named(options.device)), threads_(threads_or_all(options.threads)) {
        at::set_num_threads(threads_);
        module_ = torch::jit::load(weights.string(), device_);
        module_.eval();
        module_ = torch::jit::freeze(module_);
        // On a CPU this is worth a factor of 8 at one thread: it takes 1 x 1 convolutions away from
        // the reference BLAS. It is made for CPUs; a GPU keeps the frozen module.
        if (device_.is_cpu()) module_ = torch::jit::optimize_for_inference(module_);
    }

    ModelOutput run(const ModelInput& input) override {
        const std::size_t size = std::size_t{input.channels} * input.rows * input.columns;
        if (size == 0 || input.values.size() != size) {
            throw Error(Fault::bad_input, "a model input of {} x {} x {} has {} values",
                        input.channels, input.rows, input.columns, input.values.size());
        }
        const std::lock_guard turn(mutex_);
        at::set_num_threads(threads_);  // a setting of the calling thread, and 1 unless it is made
        try {
            return answer_of(forward(input));
        } catch (const Error&) {
            throw;
        } catch (const std::exception& wrong) {
            throw fault_of(wrong.what());
        }
    }

    std::string device() const override {
        if (!device_.is_cpu()) return device_.str();
        return fmt::format("cpu ({} thread{})", threads_, threads_ == 1 ? "" : "s");
    }

private:
    c10::IValue forward(const ModelInput& input) {
        const c10::InferenceMode no_gradients;
        const auto borrowed = torch::from_blob(
            const_cast<float*>(input.values.data()),  // LibTorch reads only, its type cannot say so
            {1, input.channels, input.rows, input.columns}, torch::kFloat32);
        return module_.forward({borrowed.to(device_)});
    }

    Error fault_of(std::string_view words) const {
        if (words.find("out of memory") != std::string_view::npos ||
            words.find("can't allocate memory") != std::string_view::npos) {
            return {Fault::exhausted, "{} has no memory for the model", device_.str()};
        }
        if (words.find("CUDA error") != std::string_view::npos) {
            return {Fault::unavailable, "{}: {}", device_.str(), first_line(words)};
        }
        return {Fault::corrupt, "the model threw: {}", last_line(words)};
    }

    static std::vector<float> numbers_in(const at::Tensor& tensor, const char* what) {
        const at::Tensor flat = tensor.to(torch::kCPU, torch::kFloat32).contiguous();
        std::vector<float> numbers(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
        for (float& number : numbers) {
            constexpr float kRounding = 1e-3F;  // what a half-precision sigmoid may overshoot
            if (!std::isfinite(number)) {
                throw Error(Fault::corrupt, "the model's {} are not finite", what);
            }
            if (number < -kRounding || number > 1 + kRounding) {
                throw Error(Fault::corrupt, "the model's {} reach {}: must be 0 to 1", what,
                            number);
            }
            number = std::clamp(number, 0.0F, 1.0F);
        }
        return numbers;
    }

    static ModelOutput answer_of(const c10::IValue& answer) {
        const bool pair = answer.isTuple() && answer.toTupleRef().elements().size() == 2 &&
                          answer.toTupleRef().elements()[0].isTensor() &&
                          answer.toTupleRef().elements()[1].isTensor();
        if (!pair && !answer.isTensor()) {
            throw Error(Fault::corrupt,
                        "the model gave {}: must be scores [N, K] or (scores [N, "
                        "K], heatmaps [N, K, h, w])",
                        answer.tagKind());
        }
        const at::Tensor scores =
            pair ? answer.toTupleRef().elements()[0].toTensor() : answer.toTensor();
        if (scores.dim() != 2 || scores.size(0) != 1 || scores.size(1) < 1) {
            throw Error(Fault::corrupt, "the model's scores have {} dimensions: must be [N, K]",
                        scores.dim());
        }
        ModelOutput output;
        output.scores = numbers_in(scores, "scores");
        if (!pair) return output;
        const at::Tensor heatmaps = answer.toTupleRef().elements()[1].toTensor();
        if (heatmaps.dim() != 4 || heatmaps.size(0) != 1 || heatmaps.size(1) != scores.size(1) ||
            heatmaps.numel() == 0) {
            throw Error(Fault::corrupt,
                        "the model's heatmaps have {} dimensions: must be [N, K, h, "
                        "w] with the K of the scores",
                        heatmaps.dim());
        }
        output.heatmap_rows = static_cast<std::uint32_t>(heatmaps.size(2));
        output.heatmap_columns = static_cast<std::uint32_t>(heatmaps.size(3));
        output.heatmaps = numbers_in(heatmaps, "heatmaps");
        return output;
    }

    // Constant after construction
    c10::Device device_;
    int threads_;

    // Guarded by mutex_
    std::mutex mutex_;
    torch::jit::Module module_;
};

}  // namespace

std::shared_ptr<Model> load_torch_model(const std::filesystem::path& weights,
                                        const ModelOptions& options) {
    try {
        return std::make_shared<TorchModel>(weights, options);
    } catch (const Error&) {
        throw;
    } catch (const std::exception& wrong) {
        throw Error(Fault::bad_input, "{}: not TorchScript that can be loaded: {}",
                    weights.string(), first_line(wrong.what()));
    }
}

}  // namespace bucky::inference
