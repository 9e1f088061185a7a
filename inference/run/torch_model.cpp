// SPDX-License-Identifier: Apache-2.0
// The only file that includes LibTorch: its headers take the compiler 14 s and 800 MB. Devices
// other than the CPU are reached through c10's device-generic interfaces, so no CUDA header is
// needed.
#include "conf/base/mutex.h"
#include "inference/run/torch_module.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <thread>

#include <ATen/Parallel.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/script.h>
#if __has_include(<torch/csrc/inductor/aoti_package/model_package_loader.h>)
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>
#define BUCKY_HAS_AOTI 1
#else
#define BUCKY_HAS_AOTI 0
#endif

#include "conf/base/error.h"
#include "inference/run/answers.h"

namespace bucky::inference {
namespace {

/// Messages of LibTorch include C++ backtraces. The first line says what is wrong.
std::string first_line(std::string_view text) {
    constexpr std::size_t kLineMax = 300;
    return std::string(text.substr(0, std::min(text.find('\n'), kLineMax)));
}

/// TorchScript wraps a Python-like traceback around an operator's message. The message is last.
std::string last_line(std::string_view text) {
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    const auto from = text.rfind('\n');
    return first_line(from == std::string_view::npos ? text : text.substr(from + 1));
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return text.find(word) != std::string_view::npos;
    });
}

int gpu_count() {
    if (!c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA)) return 0;
    return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).deviceCount();
}

bool answers(const c10::Device& device) {
    return gpu_count() > std::max<int>(device.index(), 0);
}

c10::Device device_named(const std::string& name) {
    const c10::Device first_gpu(c10::DeviceType::CUDA, 0);
    if (name == "cpu") return c10::Device(c10::DeviceType::CPU);
    if (name == "auto") return answers(first_gpu) ? first_gpu : c10::Device(c10::DeviceType::CPU);
    c10::Device device = first_gpu;
    try {
        if (name != "cuda") device = c10::Device(name);
    } catch (const c10::Error&) {  // a third party's throw
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

at::ScalarType type_of(Precision precision) {
    switch (precision) {
        case Precision::float32: return at::kFloat;
        case Precision::bfloat16: return at::kBFloat16;
        case Precision::float16: return at::kHalf;
    }
    __builtin_unreachable();
}

/// Loaded weights of either format.
class Graph {
public:
    virtual ~Graph() = default;
    virtual c10::IValue forward(const at::Tensor& input) = 0;
};

class ScriptGraph final : public Graph {
public:
    ScriptGraph(const std::filesystem::path& weights, c10::Device device, Precision precision)
        : module_(torch::jit::load(weights.string(), device)) {
        module_.eval();
        if (precision != Precision::float32) module_.to(type_of(precision));
        module_ = torch::jit::freeze(module_);
        // On one CPU thread this is 8 times as fast: it moves 1 x 1 convolutions away from the
        // reference BLAS. It is made for CPUs and float32 only; other combinations keep the frozen
        // module.
        if (device.is_cpu() && precision == Precision::float32) {
            module_ = torch::jit::optimize_for_inference(module_);
        }
    }

    c10::IValue forward(const at::Tensor& input) override { return module_.forward({input}); }

private:
    torch::jit::Module module_;
};

#if BUCKY_HAS_AOTI
class CompiledGraph final : public Graph {
public:
    explicit CompiledGraph(const std::filesystem::path& weights) : loader_(weights.string()) {}

    c10::IValue forward(const at::Tensor& input) override {
        std::vector<at::Tensor> inputs{input};
        std::vector<at::Tensor> outputs = loader_.run(inputs);
        if (outputs.size() == 1) return outputs[0];
        std::vector<c10::IValue> values(outputs.begin(), outputs.end());
        return c10::ivalue::Tuple::create(std::move(values));
    }

private:
    torch::inductor::AOTIModelPackageLoader loader_;
};
#endif

std::unique_ptr<Graph> graph_of(const std::filesystem::path& weights, c10::Device device,
                                Precision precision) {
    if (weights.extension() != ".pt2") {
        return std::make_unique<ScriptGraph>(weights, device, precision);
    }
#if BUCKY_HAS_AOTI
    return std::make_unique<CompiledGraph>(weights);
#else
    throw Error(Fault::bad_input, "{}: this LibTorch has no loader for AOTInductor (2.x has)",
                weights.string());
#endif
}

/// The numbers of one output for N images, checked for their range.
std::vector<float> numbers_in(const at::Tensor& tensor, const char* what) {
    const at::Tensor flat = tensor.to(torch::kCPU, torch::kFloat32).contiguous();
    std::vector<float> numbers(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
    check_numbers(numbers, what);
    return numbers;
}

struct Tensors {
    at::Tensor scores, heatmaps;  ///< heatmaps are undefined when there are none
};

Tensors tensors_of(const c10::IValue& answer, std::int64_t images) {
    const bool pair = answer.isTuple() && answer.toTupleRef().elements().size() == 2 &&
                      answer.toTupleRef().elements()[0].isTensor() &&
                      answer.toTupleRef().elements()[1].isTensor();
    if (!pair && !answer.isTensor()) {
        throw Error(Fault::corrupt,
                    "the model gave {}: must be scores [N, K] or (scores [N, K], heatmaps [N, K, "
                    "h, w])",
                    answer.tagKind());
    }
    Tensors given{pair ? answer.toTupleRef().elements()[0].toTensor() : answer.toTensor(), {}};
    if (given.scores.dim() != 2 || given.scores.size(0) != images || given.scores.size(1) < 1) {
        throw Error(Fault::corrupt,
                    "the model's scores have {} dimensions, {} in the first: must be [N, K], here "
                    "N = {}",
                    given.scores.dim(), given.scores.dim() > 0 ? given.scores.size(0) : 0, images);
    }
    if (!pair) return given;
    given.heatmaps = answer.toTupleRef().elements()[1].toTensor();
    if (given.heatmaps.dim() != 4 || given.heatmaps.size(0) != images ||
        given.heatmaps.size(1) != given.scores.size(1) || given.heatmaps.numel() == 0) {
        throw Error(Fault::corrupt,
                    "the model's heatmaps have {} dimensions: must be [N, K, h, w] with the N and "
                    "K of the scores",
                    given.heatmaps.dim());
    }
    return given;
}

std::vector<ModelOutput> outputs_of(const Tensors& given) {
    std::vector<ModelOutput> outputs;
    for (std::int64_t i = 0; i < given.scores.size(0); ++i) {
        ModelOutput& output = outputs.emplace_back();
        output.scores = numbers_in(given.scores[i], "scores");
        if (!given.heatmaps.defined()) continue;
        output.heatmap_rows = static_cast<std::uint32_t>(given.heatmaps.size(2));
        output.heatmap_columns = static_cast<std::uint32_t>(given.heatmaps.size(3));
        output.heatmaps = numbers_in(given.heatmaps[i], "heatmaps");
    }
    return outputs;
}

void check_shapes(std::span<const ModelInput* const> inputs) {
    if (inputs.empty()) throw Error(Fault::bug, "a model was run on no images");
    const ModelInput& first = *inputs.front();
    for (const ModelInput* input : inputs) {
        const std::size_t size = std::size_t{input->channels} * input->rows * input->columns;
        if (size == 0 || input->values.size() != size) {
            throw Error(Fault::bad_input, "a model input of {} x {} x {} has {} values",
                        input->channels, input->rows, input->columns, input->values.size());
        }
        if (input->channels != first.channels || input->rows != first.rows ||
            input->columns != first.columns) {
            throw Error(Fault::bad_input, "model inputs of one run have different shapes");
        }
    }
}

/// A setting of each thread. It is asked for only where it changes something: LibTorch then makes
/// a thread pool of its own beside OpenMP's, whose threads wait awake for a tenth of a second.
void use_threads(int threads) {
    if (at::get_num_threads() != threads) at::set_num_threads(threads);
}

class TorchModel final : public Model {
public:
    TorchModel(const std::filesystem::path& weights, const ModelOptions& options)
        : device_(device_named(options.device)),
          precision_(options.precision),
          threads_(threads_or_all(options.threads)) {
        if (device_.is_cpu() && precision_ == Precision::float16) {
            throw Error(Fault::bad_input, "float16 needs a GPU: a CPU computes in bfloat16");
        }
        use_threads(threads_);
        graph_ = graph_of(weights, device_, precision_);
        if (!device_.is_cpu()) {
            const c10::impl::VirtualGuardImpl of_its_kind(device_.type());
            stream_ = of_its_kind.getStreamFromGlobalPool(device_, false);
        }
    }

    std::vector<ModelOutput> run_batch(std::span<const ModelInput* const> inputs) override {
        check_shapes(inputs);
        const MutexLock turn(mutex_);
        use_threads(threads_);
        const c10::InferenceMode no_gradients;
        const auto images = static_cast<std::int64_t>(inputs.size());
        try {
            return outputs_of(device_.is_cpu() ? on_cpu(inputs, images) : on_gpu(inputs, images));
        } catch (const Error&) {  // has its fault already
            throw;
        } catch (const std::bad_alloc&) {  // a retry may help
            throw Error(Fault::exhausted, "{} has no memory for the model", device_.str());
        } catch (const std::exception& wrong) {  // LibTorch's own throws
            throw fault_of(wrong.what());
        }
    }

    std::string device() const override {
        constexpr std::string_view kNames[] = {"", ", bfloat16", ", float16"};
        const auto precision = kNames[static_cast<int>(precision_)];
        if (!device_.is_cpu()) return fmt::format("{}{}", device_.str(), precision);
        return fmt::format("cpu ({} thread{}{})", threads_, threads_ == 1 ? "" : "s", precision);
    }

private:
    /// [N, C, H, W] in page-locked memory that a GPU can read, or in plain memory.
    at::Tensor staged(std::span<const ModelInput* const> inputs, bool pinned) const {
        const ModelInput& first = *inputs.front();
        const auto images = static_cast<std::int64_t>(inputs.size());
        const auto options = torch::TensorOptions(torch::kFloat32).pinned_memory(pinned);
        at::Tensor batch =
            torch::empty({images, first.channels, first.rows, first.columns}, options);
        auto* to = batch.data_ptr<float>();
        for (const ModelInput* input : inputs) {
            to = std::copy(input->values.begin(), input->values.end(), to);
        }
        return batch;
    }

    Tensors on_cpu(std::span<const ModelInput* const> inputs, std::int64_t images) {
        const ModelInput& first = *inputs.front();
        at::Tensor batch =
            images > 1
                ? staged(inputs, false)
                : torch::from_blob(const_cast<float*>(first.values.data()),  // it is only read
                                   {1, first.channels, first.rows, first.columns}, torch::kFloat32);
        if (precision_ != Precision::float32) {
            // Without this layout, bfloat16 gains little on a CPU.
            batch = batch.to(type_of(precision_)).contiguous(at::MemoryFormat::ChannelsLast);
        }
        return tensors_of(graph_->forward(batch), images);
    }

    /// Copies and the model run are queued on this replica's own stream, so that two replicas of
    /// one GPU overlap. The thread sleeps until the event at the end.
    Tensors on_gpu(std::span<const ModelInput* const> inputs, std::int64_t images) {
        const c10::StreamGuard ours(*stream_);
        const at::Tensor batch = staged(inputs, true);  // must live until the event
        const at::Tensor there = batch.to(device_, type_of(precision_), true);
        const Tensors given = tensors_of(graph_->forward(there), images);
        const auto back = [](const at::Tensor& tensor) {
            if (!tensor.defined()) return tensor;
            at::Tensor host = torch::empty(
                tensor.sizes(), torch::TensorOptions(torch::kFloat32).pinned_memory(true));
            host.copy_(tensor, true);
            return host;
        };
        Tensors here{back(given.scores), back(given.heatmaps)};
        c10::Event done(device_.type());
        done.record(*stream_);
        while (!done.query()) std::this_thread::sleep_for(std::chrono::microseconds(50));
        return here;
    }

    Error fault_of(std::string_view words) const {
        if (contains_any(words, {"out of memory", "can't allocate memory"})) {
            return {Fault::exhausted, "{} has no memory for the model", device_.str()};
        }
        if (contains_any(words, {"CUDA error", "CUDA driver", "cuDNN error", "CUBLAS_STATUS"})) {
            return {Fault::unavailable, "{}: {}", device_.str(), first_line(words)};
        }
        return {Fault::corrupt, "the model threw: {}", last_line(words)};
    }

    // Constant after construction
    c10::Device device_;
    Precision precision_;
    int threads_;
    std::optional<c10::Stream> stream_;

    Mutex mutex_;
    std::unique_ptr<Graph> graph_ GUARDED_BY(mutex_);
};

}  // namespace

std::vector<std::string> devices_named(const std::string& name) {
    const c10::Device first = device_named(name);
    if (first.is_cpu()) return {"cpu"};
    if (name != "auto" && name != "cuda") return {name};
    std::vector<std::string> names;
    for (int i = 0; i < gpu_count(); ++i) names.push_back(fmt::format("cuda:{}", i));
    return names;
}

bool loads_compiled() {
    return BUCKY_HAS_AOTI != 0;
}

std::shared_ptr<Model> load_torch_model(const std::filesystem::path& weights,
                                        const ModelOptions& options) {
    try {
        return std::make_shared<TorchModel>(weights, options);
    } catch (const Error&) {  // has its fault already
        throw;
    } catch (const std::exception& wrong) {  // LibTorch's own throws
        throw Error(Fault::bad_input, "{}: no weights that can be loaded: {}", weights.string(),
                    first_line(wrong.what()));
    }
}

}  // namespace bucky::inference

const bucky::inference::TorchModule bucky_torch_module{
    &bucky::inference::devices_named,
    &bucky::inference::loads_compiled,
    &bucky::inference::load_torch_model,
};
