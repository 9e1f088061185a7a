// SPDX-License-Identifier: Apache-2.0
// The messages of the Open Inference Protocol v2 (KServe v2) with its binary tensor extension, as a
// client writes and reads them. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inference/run/model.h"

namespace bucky {

/// What a server says of a model (GET v2/models/M), as far as it counts here.
struct RemoteMetadata {
    std::vector<std::string> versions, inputs, outputs;
    std::string sha256;   ///< parameters.sha256, of the weights; empty: not named
    std::string purpose;  ///< parameters.purpose, of its package; empty: not named
};

/// err  corrupt when it is none
RemoteMetadata read_metadata(std::string_view json);

/// The same two in NVIDIA Triton's GET v2/models/M/config: parameters.sha256.string_value.
void add_from_config(std::string_view json, RemoteMetadata& to);

/// The names of the tensors at the server.
struct TensorNames {
    std::string input;
    std::vector<std::string> outputs;  ///< scores, then heatmaps if there are any
};

/// How a tensor travels: FP32 to the bit, FP16 rounded to the nearest, or as numbers of the JSON,
/// which are exact, too.
enum class TensorForm { float32, float16, numbers };

struct InferRequest {
    std::string body;            ///< JSON, then the tensor unless it is in there
    std::size_t json_bytes = 0;  ///< Inference-Header-Content-Length
};

/// One image: [1, C, H, W]. All outputs are wanted as binary tensors, unless numbers are sent. `id`
/// is all that names the request.
InferRequest infer_request(const inference::ModelInput& input, const TensorNames& names,
                           TensorForm form, std::string_view id);

/// The answer for one image. Outputs may be FP32 or FP16, binary or numbers of the JSON.
///   in   the body; the length of its JSON, if it has binary tensors
///   out  scores [K] and heatmaps [K, h, w], each 0..1
///   err  corrupt when shapes, sizes or numbers are not what a model answers
inference::ModelOutput read_infer_answer(std::string_view body,
                                         std::optional<std::size_t> json_bytes,
                                         const TensorNames& names);

/// The "error" of an error answer, one line for people; the body's beginning when it has none.
std::string error_words(std::string_view body);

/// RFC 1950 (Content-Encoding: deflate), or RFC 1952 (gzip).
std::string compressed(std::string_view bytes, bool as_gzip);

/// IEEE 754 binary16, rounded to nearest, ties to even.
std::uint16_t to_half(float number);
float from_half(std::uint16_t half);

}  // namespace bucky
