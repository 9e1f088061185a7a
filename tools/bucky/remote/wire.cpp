// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/remote/wire.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>
#include <zlib.h>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "conf/base/printable.h"
#include "inference/run/answers.h"

namespace bucky {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "tensors travel little-endian");

/// Any server may be named in the config: what it says is read as a stranger's.
constexpr std::size_t kNumbersMax = std::size_t{64} << 20U;

json parsed(std::string_view text, std::string_view what) {
    json read = json::parse(text, nullptr, false);
    if (!read.is_object()) throw Error(Fault::corrupt, "the server's {} is no JSON object", what);
    return read;
}

std::string text_at(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::vector<std::string> names_in(const json& object, const char* key) {
    std::vector<std::string> names;
    const auto list = object.find(key);
    if (list == object.end() || !list->is_array()) return names;
    for (const auto& one : *list) {
        if (one.is_object()) names.push_back(text_at(one, "name"));
    }
    return names;
}

/// One output of an answer: its shape, and its numbers as float32.
struct Tensor {
    std::vector<std::size_t> shape;
    std::vector<float> numbers;
};

std::vector<std::size_t> shape_of(const json& output, const std::string& name) {
    std::vector<std::size_t> shape;
    std::size_t numbers = 1;
    const auto sides = output.find("shape");
    if (sides == output.end() || !sides->is_array() || sides->empty() || sides->size() > 4) {
        throw Error(Fault::corrupt, "the server's {} has no shape", name);
    }
    for (const auto& side : *sides) {
        const auto length = side.is_number_unsigned() ? side.get<std::uint64_t>() : 0;
        if (length == 0 || length > kNumbersMax || (numbers *= length) > kNumbersMax) {
            throw Error(Fault::corrupt, "the server's {} has a side of {}", name, side.dump());
        }
        shape.push_back(length);
    }
    return shape;
}

std::size_t count_of(const std::vector<std::size_t>& shape) {
    std::size_t count = 1;
    for (const auto side : shape) count *= side;
    return count;
}

std::vector<float> numbers_of(std::string_view bytes, std::size_t count, const std::string& type) {
    std::vector<float> numbers(count);
    if (type == "FP32" && bytes.size() == count * sizeof(float)) {
        std::memcpy(numbers.data(), bytes.data(), bytes.size());
        return numbers;
    }
    if (type == "FP16" && bytes.size() == count * sizeof(std::uint16_t)) {
        for (std::size_t i = 0; i < count; ++i) {
            std::uint16_t half = 0;
            std::memcpy(&half, bytes.data() + i * sizeof half, sizeof half);
            numbers[i] = from_half(half);
        }
        return numbers;
    }
    throw Error(Fault::corrupt, "the server gave {} bytes for {} numbers of type {}", bytes.size(),
                count, type);
}

/// The specification flattens or nests "data"; both are read.
void flatten(const json& data, std::vector<float>& numbers) {
    if (data.is_array()) {
        for (const auto& one : data) flatten(one, numbers);
    } else if (data.is_number()) {
        numbers.push_back(data.get<float>());
    } else {
        throw Error(Fault::corrupt, "the server gave something that is no number");
    }
}

/// Takes the output's bytes off `rest`, where the binary tensors lie in the order of the JSON.
Tensor tensor_of(const json& output, std::string_view& rest) {
    const auto name = text_at(output, "name");
    Tensor tensor{shape_of(output, name), {}};
    const auto count = count_of(tensor.shape);
    const auto type = text_at(output, "datatype");
    const auto size = output.value("/parameters/binary_data_size"_json_pointer, json{});
    if (size.is_number_unsigned()) {
        const auto bytes = size.get<std::uint64_t>();
        if (bytes > rest.size()) {
            throw Error(Fault::corrupt, "the server's {} ends before its {} bytes", name, bytes);
        }
        tensor.numbers = numbers_of(rest.substr(0, bytes), count, type);
        rest.remove_prefix(bytes);
        return tensor;
    }
    const auto data = output.find("data");
    if (data != output.end()) flatten(*data, tensor.numbers);
    if (tensor.numbers.size() != count) {
        throw Error(Fault::corrupt, "the server's {} has {} numbers: must be {}", name,
                    tensor.numbers.size(), count);
    }
    return tensor;
}

/// Scores [1, K] or [K].
void take_scores(Tensor tensor, inference::ModelOutput& to) {
    if (tensor.shape.size() > 2 || (tensor.shape.size() == 2 && tensor.shape[0] != 1)) {
        throw Error(Fault::corrupt, "the server's scores have {} dimensions: must be [1, K]",
                    tensor.shape.size());
    }
    inference::check_numbers(tensor.numbers, "scores");
    to.scores = std::move(tensor.numbers);
}

/// Heatmaps [1, K, h, w] or [K, h, w].
void take_heatmaps(Tensor tensor, inference::ModelOutput& to) {
    auto& shape = tensor.shape;
    if (shape.size() == 4 && shape[0] == 1) shape.erase(shape.begin());
    if (shape.size() != 3 || shape[0] != to.scores.size()) {
        throw Error(Fault::corrupt,
                    "the server's heatmaps must be [1, K, h, w] with the K of the "
                    "scores");
    }
    inference::check_numbers(tensor.numbers, "heatmaps");
    to.heatmap_rows = static_cast<std::uint32_t>(shape[1]);
    to.heatmap_columns = static_cast<std::uint32_t>(shape[2]);
    to.heatmaps = std::move(tensor.numbers);
}

/// Empty where the numbers stand in the JSON.
std::string tensor_bytes(const inference::ModelInput& input, TensorForm form) {
    std::string bytes;
    switch (form) {
        case TensorForm::float32:
            bytes.assign(reinterpret_cast<const char*>(input.values.data()),
                         input.values.size() * sizeof(float));
            break;
        case TensorForm::float16:
            bytes.reserve(input.values.size() * sizeof(std::uint16_t));
            for (const float value : input.values) {
                const auto half = to_half(value);
                bytes.append(reinterpret_cast<const char*>(&half), sizeof half);
            }
            break;
        case TensorForm::numbers: break;
    }
    return bytes;
}

}  // namespace

RemoteMetadata read_metadata(std::string_view text) {
    const json read = parsed(text, "metadata");
    RemoteMetadata metadata;
    metadata.inputs = names_in(read, "inputs");
    metadata.outputs = names_in(read, "outputs");
    if (const auto list = read.find("versions"); list != read.end() && list->is_array()) {
        for (const auto& one : *list) {
            if (one.is_string()) metadata.versions.push_back(one);
        }
    }
    for (const char* where : {"parameters", "properties"}) {
        const auto found = read.find(where);
        if (found == read.end() || !found->is_object() || !metadata.sha256.empty()) continue;
        metadata.sha256 = text_at(*found, "sha256");
        metadata.purpose = text_at(*found, "purpose");
    }
    return metadata;
}

void add_from_config(std::string_view text, RemoteMetadata& to) {
    const json read = json::parse(text, nullptr, false);
    if (!read.is_object()) return;
    const auto named = [&](const json::json_pointer& where) {
        const auto found = read.value(where, json{});
        return found.is_string() ? found.get<std::string>() : "";
    };
    to.sha256 = named("/parameters/sha256/string_value"_json_pointer);
    to.purpose = named("/parameters/purpose/string_value"_json_pointer);
}

InferRequest infer_request(const inference::ModelInput& input, const TensorNames& names,
                           TensorForm form, std::string_view id) {
    const std::string tensor = tensor_bytes(input, form);
    json sent{{"name", names.input},
              {"shape", {1, input.channels, input.rows, input.columns}},
              {"datatype", form == TensorForm::float16 ? "FP16" : "FP32"}};
    json outputs = json::array();
    for (const auto& name : names.outputs) {
        outputs.push_back({{"name", name}});
        if (form == TensorForm::numbers) continue;
        outputs.back()["parameters"] = {{"binary_data", true}};
    }
    if (form == TensorForm::numbers) {
        sent["data"] = input.values;
    } else {
        sent["parameters"] = {{"binary_data_size", tensor.size()}};
    }
    json head{{"id", id}, {"outputs", std::move(outputs)}};
    head["inputs"].push_back(std::move(sent));
    InferRequest request{head.dump(), 0};
    request.json_bytes = request.body.size();
    request.body += tensor;
    return request;
}

inference::ModelOutput read_infer_answer(std::string_view body,
                                         std::optional<std::size_t> json_bytes,
                                         const TensorNames& names) {
    const auto head = std::min(json_bytes.value_or(body.size()), body.size());
    const json read = parsed(body.substr(0, head), "answer");
    std::string_view rest = body.substr(head);
    const auto outputs = read.find("outputs");
    if (outputs == read.end() || !outputs->is_array()) {
        throw Error(Fault::corrupt, "the server's answer has no outputs");
    }
    std::optional<Tensor> scores, heatmaps;
    for (const auto& output : *outputs) {
        if (!output.is_object()) throw Error(Fault::corrupt, "the server's output is no object");
        auto tensor = tensor_of(output, rest);  // each, since the bytes lie one after another
        const auto name = text_at(output, "name");
        if (name == names.outputs.at(0))
            scores = std::move(tensor);
        else if (names.outputs.size() > 1 && name == names.outputs[1])
            heatmaps = std::move(tensor);
    }
    if (!scores || (names.outputs.size() > 1 && !heatmaps)) {
        throw Error(Fault::corrupt, "the server's answer lacks an output that was asked for");
    }
    inference::ModelOutput answer;
    take_scores(std::move(*scores), answer);
    if (heatmaps) take_heatmaps(std::move(*heatmaps), answer);
    return answer;
}

std::string error_words(std::string_view body) {
    constexpr std::size_t kWordsMax = 300;
    const json read = json::parse(body, nullptr, false);
    std::string words = read.is_object() ? text_at(read, "error") : std::string{};
    if (words.empty()) words = body;
    std::string line;
    for (std::size_t at = 0; at < words.size() && line.size() < kWordsMax;) {
        const auto bytes = printable_bytes(std::string_view{words}.substr(at));
        line += bytes > 0 ? words.substr(at, bytes) : " ";
        at += std::max<std::size_t>(bytes, 1);
    }
    return line;
}

std::string compressed(std::string_view bytes, bool as_gzip) {
    z_stream stream{};
    const int window = as_gzip ? MAX_WBITS + 16 : MAX_WBITS;
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        throw Error(Fault::exhausted, "no memory to compress an image");
    }
    std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // only read
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int ended = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (ended != Z_STREAM_END) throw Error(Fault::bug, "zlib did not end a stream");
    return out;
}

std::uint16_t to_half(float number) {
    const auto bits = std::bit_cast<std::uint32_t>(number);
    const auto sign = static_cast<std::uint32_t>((bits >> 16U) & 0x8000U);
    std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude > 0x7F800000U) return static_cast<std::uint16_t>(sign | 0x7E00U);   // NaN
    if (magnitude >= 0x477FF000U) return static_cast<std::uint16_t>(sign | 0x7C00U);  // infinity
    if (magnitude < 0x38800000U) {  // below 2^-14: the sum's own rounding places the bits
        const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
        return static_cast<std::uint16_t>(sign |
                                          (std::bit_cast<std::uint32_t>(shifted) - 0x3F000000U));
    }
    const std::uint32_t odd = (magnitude >> 13U) & 1U;
    magnitude += 0xC8000FFFU + odd;  // the exponent's bias from 127 to 15, and half a unit
    return static_cast<std::uint16_t>(sign | (magnitude >> 13U));
}

float from_half(std::uint16_t half) {
    const std::uint32_t sign = (half & 0x8000U) << 16U;
    const std::uint32_t exponent = (half >> 10U) & 0x1FU;
    const std::uint32_t fraction = half & 0x3FFU;
    if (exponent == 0) {  // zero and what lies below 2^-14, in units of 2^-24
        const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
        return sign != 0 ? -magnitude : magnitude;
    }
    const std::uint32_t wide = exponent == 0x1F ? 0xFFU : exponent + 112;
    return std::bit_cast<float>(sign | (wide << 23U) | (fraction << 13U));
}

}  // namespace bucky
