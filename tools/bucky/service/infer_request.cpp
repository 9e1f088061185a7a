// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/infer_request.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>

#include <fmt/ranges.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "tools/bucky/service/request_json.h"

namespace bucky::service {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are little endian on the wire");

/// Of a float32 in JSON, with its comma: "-1.17549435e-38, ".
constexpr std::size_t kNumberBytesMax = 24;

std::vector<float> floats_of(std::string_view bytes) {
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return values;
}

/// The images that the shape names.
std::size_t images_in(const TensorJson& tensor, const Signature& model) {
    const auto& shape = tensor.shape;
    const bool fits = shape.size() == 4 && shape[0] >= 1 && shape[1] == model.channels &&
                      shape[2] == model.rows && shape[3] == model.columns;
    if (!fits) {
        throw Error(Fault::bad_input, "the shape of {} is [{}], and the model takes [N,{},{},{}]",
                    kInput, fmt::join(shape, ","), model.channels, model.rows, model.columns);
    }
    if (shape[0] > static_cast<std::int64_t>(limits::kServiceImagesMax)) {
        throw Error(Fault::bad_input, "{} images in a request, and {} may be", shape[0],
                    limits::kServiceImagesMax);
    }
    return static_cast<std::size_t>(shape[0]);
}

const TensorJson& only_input(const RequestJson& request) {
    if (request.inputs.size() != 1 || request.inputs[0].name != kInput) {
        throw Error(Fault::bad_input, "the model has one input, called {}", kInput);
    }
    const auto& tensor = request.inputs[0];
    if (tensor.datatype != "FP32") {
        throw Error(Fault::bad_input, "the datatype of {} must be FP32", kInput);
    }
    if (tensor.binary_bytes && tensor.has_data) {
        throw Error(Fault::bad_input, "{} has both data and binary_data_size", kInput);
    }
    return tensor;
}

/// All numbers of the request, in order.
std::vector<float> values_of(TensorJson tensor, std::size_t expected, std::string_view binary) {
    if (!tensor.binary_bytes) {
        if (!binary.empty()) {
            throw Error(Fault::bad_input, "{} bytes follow the JSON, which names no tensor of them",
                        binary.size());
        }
        if (tensor.values.size() != expected) {
            throw Error(Fault::bad_input, "the data of {} have {} numbers, and its shape has {}",
                        kInput, tensor.values.size(), expected);
        }
        return std::move(tensor.values);
    }
    if (*tensor.binary_bytes != binary.size() || binary.size() != expected * sizeof(float)) {
        throw Error(Fault::bad_input,
                    "{} has binary_data_size {}, {} bytes follow the JSON, and its shape has {}",
                    kInput, *tensor.binary_bytes, binary.size(), expected * sizeof(float));
    }
    return floats_of(binary);
}

std::vector<WantedOutput> outputs_of(const RequestJson& request, const Signature& model) {
    std::vector<std::string_view> ours{kScores};
    if (model.has_heatmaps) ours.push_back(kHeatmaps);
    std::vector<WantedOutput> wanted;
    for (const auto& output : request.outputs) {
        const auto known = std::ranges::find(ours, output.name);
        if (known == ours.end()) {
            throw Error(Fault::bad_input, "the model has no such output: it has {}",
                        fmt::join(ours, " and "));
        }
        wanted.push_back({*known, output.is_binary.value_or(request.binary_output)});
    }
    if (!request.outputs.empty()) return wanted;
    for (const auto name : ours) wanted.push_back({name, request.binary_output});
    return wanted;
}

}  // namespace

Signature signature_of(const inference::Package& package) {
    return {.channels = package.input.channels,
            .rows = package.input.height,
            .columns = package.input.width,
            .has_heatmaps = package.has_heatmaps};
}

std::size_t body_bytes_max(const Signature& model, bool is_binary) {
    const auto of_a_number = is_binary ? sizeof(float) : kNumberBytesMax;
    return std::min(
        limits::kServiceBodyBytesMax,
        limits::kServiceJsonBytesMax + limits::kServiceImagesMax * model.values() * of_a_number);
}

InferRequest read_infer_request(std::string_view body, std::optional<std::size_t> json_bytes,
                                const Signature& model) {
    const auto head = json_bytes.value_or(body.size());
    if (head > body.size()) {
        throw Error(Fault::bad_input,
                    "Inference-Header-Content-Length is {}, the body has {} bytes", head,
                    body.size());
    }
    if (json_bytes && head > limits::kServiceJsonBytesMax) {
        throw Error(Fault::bad_input, "the JSON has {} bytes, and {} may be", head,
                    limits::kServiceJsonBytesMax);
    }
    auto request =
        read_request_json(body.substr(0, head), limits::kServiceImagesMax * model.values());
    const auto& tensor = only_input(request);
    const auto images = images_in(tensor, model);
    InferRequest made;
    made.outputs = outputs_of(request, model);
    const auto values =
        values_of(std::move(request.inputs[0]), images * model.values(), body.substr(head));
    if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) {
        throw Error(Fault::bad_input, "{} has a number that is not finite", kInput);
    }
    for (std::size_t i = 0; i < images; ++i) {
        const auto from = values.begin() + static_cast<std::ptrdiff_t>(i * model.values());
        made.images.push_back(
            {.channels = model.channels,
             .rows = model.rows,
             .columns = model.columns,
             .values = {from, from + static_cast<std::ptrdiff_t>(model.values())}});
    }
    made.id = std::move(request.id);
    return made;
}

}  // namespace bucky::service
