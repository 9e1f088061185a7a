// SPDX-License-Identifier: Apache-2.0
// The JSON of an inference request (Open Inference Protocol v2). It is read event by event, so that
// memory is bounded by the numbers that the model takes, and not by what the text claims. Pure; it
// knows nothing of HTTP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bucky::service {

/// One of "inputs".
struct TensorJson {
    std::string name, datatype;
    std::vector<std::int64_t> shape;
    std::optional<std::uint64_t> binary_bytes;  ///< its bytes follow the JSON
    bool has_data = false;
    std::vector<float> values;  ///< "data", flattened
};

/// One of "outputs".
struct OutputJson {
    std::string name;
    std::optional<bool> is_binary;
};

struct RequestJson {
    std::string id;
    bool binary_output = false;  ///< of every output that does not say otherwise
    std::vector<TensorJson> inputs;
    std::vector<OutputJson> outputs;  ///< empty: all
};

/// Unknown keys are skipped: the protocol lets every implementation add parameters.
///   in   the text; the most numbers that "data" may have in all
///   err  bad_input when it is no JSON, a known key has a value of another kind, or it has more
///        numbers, tensors or levels than any request needs
RequestJson read_request_json(std::string_view text, std::size_t values_max);

}  // namespace bucky::service
