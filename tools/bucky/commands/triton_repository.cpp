// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/commands/triton_repository.h"

#include <fmt/format.h>

#include "conf/base/error.h"
#include "tools/bucky/shared/files.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

/// Triton counts versions; the package's own is a parameter.
constexpr auto kVersion = "1";

/// The file that the pytorch backend opens.
constexpr auto kWeights = "model.pt";

constexpr auto kModelPy =
    R"python("""Runs model.pt, TorchScript, in the python backend of NVIDIA Triton.
Written by `bucky model export-triton`."""
import json
import os

import torch
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def initialize(self, args):
        on_gpu = args["model_instance_kind"] == "GPU" and torch.cuda.is_available()
        self.device = f"cuda:{args['model_instance_device_id']}" if on_gpu else "cpu"
        file = os.path.join(args["model_repository"], args["model_version"], "model.pt")
        module = torch.jit.freeze(torch.jit.load(file, map_location=self.device).eval())
        self.module = module if on_gpu else torch.jit.optimize_for_inference(module)
        self.names = [one["name"] for one in json.loads(args["model_config"])["output"]]

    def execute(self, requests):
        """The requests that Triton has gathered are one batch."""
        images = [torch.from_numpy(pb_utils.get_input_tensor_by_name(one, "image").as_numpy())
                  for one in requests]
        with torch.no_grad():
            outputs = self.module(torch.cat(images).to(self.device))
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        sizes = [len(one) for one in images]
        parts = zip(*(one.float().cpu().split(sizes) for one in outputs))
        return [pb_utils.InferenceResponse(
            [pb_utils.Tensor(name, one.contiguous().numpy())
             for name, one in zip(self.names, answer)]) for answer in parts]
)python";

/// The pytorch backend finds a tensor's place in its name: NAME__INDEX.
std::string tensor_name(TritonBackend backend, const char* name, int index) {
    return backend == TritonBackend::python ? name : fmt::format("{}__{}", name, index);
}

std::string tensor(const std::string& name, const std::string& sides) {
    return fmt::format("  {{ name: \"{}\" data_type: TYPE_FP32 dims: [ {} ] }}", name, sides);
}

std::string parameter(const char* key, const std::string& value) {
    std::string escaped;
    for (const char one : value) {
        if (one == '"' || one == '\\') escaped += '\\';
        escaped += one;
    }
    return fmt::format("parameters {{ key: \"{}\" value {{ string_value: \"{}\" }} }}\n", key,
                       escaped);
}

/// The first runs of TorchScript are slow: Triton makes them before it says that it is ready.
std::string warm_up(const std::string& input, const std::string& sides, std::uint32_t images) {
    return fmt::format(
        "model_warmup {{\n  name: \"{0} at once\" batch_size: {0} count: 2\n  inputs {{\n"
        "    key: \"{1}\"\n    value {{ data_type: TYPE_FP32 dims: [ {2} ] random_data: true }}\n"
        "  }}\n}}\n",
        images, input, sides);
}

/// On the same file system, and where Triton does not look.
fs::path beside(const fs::path& repository, const std::string& name) {
    auto place = fs::absolute(repository).lexically_normal();
    if (!place.has_filename()) place = place.parent_path();
    return place += "." + name + ".part";
}

}  // namespace

std::string triton_config(const TritonModel& model) {
    const auto& package = model.package;
    const auto& in = package.input;
    const auto backend = model.backend;
    const auto input = tensor_name(backend, "image", 0);
    const auto sides = fmt::format("{}, {}, {}", in.channels, in.height, in.width);
    const auto scores = package.findings.size();
    auto outputs = tensor(tensor_name(backend, "scores", 0), std::to_string(scores));
    if (package.has_heatmaps) {
        outputs += ",\n" + tensor(tensor_name(backend, "heatmaps", 1),
                                  fmt::format("{}, {}, {}", scores, model.heatmap_rows,
                                              model.heatmap_columns));
    }
    auto text = fmt::format("# {} {}. Written by `bucky model export-triton`.\nname: \"{}\"\n",
                            package.identity.name, package.identity.version, package.identity.name);
    text += backend == TritonBackend::python
                ? "backend: \"python\"\n"
                : "backend: \"pytorch\"\nplatform: \"pytorch_libtorch\"\n";
    text += fmt::format(
        "max_batch_size: {}\ninput [\n{}\n]\noutput [\n{}\n]\n"
        "# Images of several sites that come within a millisecond are one run.\n"
        "dynamic_batching {{ max_queue_delay_microseconds: 1000 }}\n"
        "instance_group [ {{ kind: KIND_AUTO count: 1 }} ]\n"
        "# A site compares the hash with its own package.\n",
        model.batch_max, tensor(input, sides), outputs);
    text += parameter("sha256", package.identity.sha256);
    text += parameter("purpose", std::string{name_of(package.identity.purpose)});
    text += parameter("package_version", package.identity.version);
    text += warm_up(input, sides, 1);
    if (model.batch_max > 1) text += warm_up(input, sides, model.batch_max);
    return text;
}

fs::path write_triton_model(const TritonModel& model, const fs::path& repository) {
    const auto& name = model.package.identity.name;
    if (name.find('/') != std::string::npos || name.starts_with('.')) {
        throw Error(Fault::bad_input, "the model's name {} cannot be a folder's", name);
    }
    const auto folder = repository / name;
    if (fs::exists(folder)) {
        throw Error(Fault::bad_input, "{} is there already", folder.string());
    }
    std::error_code bad;
    fs::create_directories(repository, bad);
    const auto half = beside(repository, name);
    fs::remove_all(half, bad);
    fs::create_directories(half / kVersion, bad);
    if (!bad) fs::copy_file(model.package.weights, half / kVersion / kWeights, bad);
    if (bad) throw Error(Fault::unavailable, "cannot write {}: {}", half.string(), bad.message());
    if (model.backend == TritonBackend::python) {
        write_file(half / kVersion / "model.py", std::string_view{kModelPy});
    }
    write_file(half / "config.pbtxt", std::string_view{triton_config(model)});
    fs::rename(half, folder, bad);
    if (bad) throw Error(Fault::unavailable, "cannot write {}: {}", folder.string(), bad.message());
    return folder;
}

}  // namespace bucky
