// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/infer_answer.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace bucky::service {
namespace {

using inference::LoadedPackage;
using inference::ModelOutput;
using nlohmann::json;

std::string text_of(const json& document) {
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool is_like(const ModelOutput& one, const ModelOutput& first) {
    return one.scores.size() == first.scores.size() && one.heatmaps.size() == first.heatmaps.size();
}

struct Tensor {
    json shape;
    std::vector<float> values;
};

/// The answers of all images as one tensor: scores [N, K] or heatmaps [N, K, h, w].
Tensor gather(std::string_view name, std::span<const ModelOutput> outputs) {
    const auto& first = outputs.front();
    Tensor tensor;
    const bool is_scores = name == kScores;
    tensor.shape = {outputs.size(), first.scores.size()};
    if (!is_scores) {
        tensor.shape.push_back(first.heatmap_rows);
        tensor.shape.push_back(first.heatmap_columns);
    }
    for (const auto& output : outputs) {
        const auto& part = is_scores ? output.scores : output.heatmaps;
        tensor.values.insert(tensor.values.end(), part.begin(), part.end());
    }
    return tensor;
}

json parameters_of(const LoadedPackage& model) {
    return {{"device", model.model->device()}, {"sha256", model.package.identity.sha256}};
}

}  // namespace

InferAnswer write_infer_answer(const InferRequest& request, const LoadedPackage& model,
                               std::span<const ModelOutput> outputs) {
    const auto fits = [&](const auto& one) { return is_like(one, outputs.front()); };
    if (outputs.empty() || !std::ranges::all_of(outputs, fits)) {
        throw Error(Fault::corrupt, "the model answered images of one request in different shapes");
    }
    std::string binary;
    auto all = json::array();
    for (const auto& wanted : request.outputs) {
        const auto tensor = gather(wanted.name, outputs);
        json one{{"name", wanted.name}, {"datatype", "FP32"}, {"shape", tensor.shape}};
        if (wanted.is_binary) {
            const auto bytes = tensor.values.size() * sizeof(float);
            one["parameters"] = {{"binary_data_size", bytes}};
            binary.append(reinterpret_cast<const char*>(tensor.values.data()), bytes);
        } else {
            one["data"] = tensor.values;
        }
        all.push_back(std::move(one));
    }
    json document{{"model_name", model.package.identity.name},
                  {"model_version", model.package.identity.version},
                  {"parameters", parameters_of(model)},
                  {"outputs", std::move(all)}};
    if (!request.id.empty()) document["id"] = request.id;
    InferAnswer answer{text_of(document), 0};
    answer.json_bytes = answer.body.size();
    answer.body += binary;
    return answer;
}

std::string server_metadata() {
    return text_of(
        {{"name", "bucky"}, {"version", BUCKY_VERSION}, {"extensions", {"binary_tensor_data"}}});
}

std::string model_metadata(const LoadedPackage& model, const std::vector<std::string>& versions) {
    const auto& package = model.package;
    const auto findings = package.findings.size();
    const auto tensor = [](std::string_view name, json shape) {
        return json{{"name", name}, {"datatype", "FP32"}, {"shape", std::move(shape)}};
    };
    auto outputs = json::array({tensor(kScores, {-1, findings})});
    if (package.has_heatmaps) outputs.push_back(tensor(kHeatmaps, {-1, findings, -1, -1}));
    const auto& input = package.input;
    auto parameters = parameters_of(model);
    parameters["purpose"] = name_of(package.identity.purpose);
    return text_of({{"name", package.identity.name},
                    {"versions", versions},
                    {"platform", "pytorch_torchscript"},
                    {"inputs", {tensor(kInput, {-1, input.channels, input.height, input.width})}},
                    {"outputs", std::move(outputs)},
                    {"parameters", std::move(parameters)}});
}

std::string package_head(const std::vector<std::pair<std::string, std::string>>& files) {
    auto list = json::array();
    for (const auto& [name, bytes] : files) {
        list.push_back({{"name", name}, {"bytes", bytes.size()}});
    }
    return text_of({{"files", std::move(list)}}) + '\n';
}

std::string model_ready(const LoadedPackage& model, bool is_ready) {
    return text_of({{"name", model.package.identity.name}, {"ready", is_ready}});
}

std::string error_json(std::string_view words) {
    return text_of({{"error", words}});
}

}  // namespace bucky::service
