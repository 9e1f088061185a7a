// SPDX-License-Identifier: Apache-2.0
// InferRequest: a request for inference, read and checked against the model that it names. Pure:
// only the connection waits for bytes, and a fuzz target passes them in directly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inference/package/package.h"
#include "inference/run/model.h"

namespace bucky::service {

inline constexpr std::string_view kInput = "image";
inline constexpr std::string_view kScores = "scores";
inline constexpr std::string_view kHeatmaps = "heatmaps";

/// The tensors of a model.
struct Signature {
    std::uint32_t channels = 1, rows = 0, columns = 0;  ///< of an image
    bool has_heatmaps = false;

    std::size_t values() const { return std::size_t{channels} * rows * columns; }
};

Signature signature_of(const inference::Package& package);

/// The longest body that a request for this model can have: binary tensors, or the longest text of
/// as many numbers.
std::size_t body_bytes_max(const Signature& model, bool is_binary);

struct WantedOutput {
    std::string_view name;
    bool is_binary = false;
};

struct InferRequest {
    std::string id;
    std::vector<inference::ModelInput> images;  ///< one or more
    std::vector<WantedOutput> outputs;
};

/// in   the body, decoded; Inference-Header-Content-Length, where the caller sent it
/// err  bad_input when a name, a datatype, a shape or a size is not what the model takes, the sizes
///      contradict the bytes, or a number is not finite
InferRequest read_infer_request(std::string_view body, std::optional<std::size_t> json_bytes,
                                const Signature& model);

}  // namespace bucky::service
