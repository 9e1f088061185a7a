// SPDX-License-Identifier: Apache-2.0
// The documents of the Open Inference Protocol v2 that the model server answers with. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/base/error.h"
#include "inference/examine/shelf.h"
#include "tools/bucky/service/infer_request.h"

namespace bucky::service {

/// The JSON, followed by the binary tensors, if the request asked for any.
struct InferAnswer {
    std::string body;
    std::size_t json_bytes = 0;  ///< equal to body.size(): no binary tensor follows
};

/// "parameters" name the device that computed and the SHA-256 of the weights.
///   in   one output for each image of the request
///   err  corrupt when the outputs of the images differ in shape
InferAnswer write_infer_answer(const InferRequest& request, const inference::LoadedPackage& model,
                               std::span<const inference::ModelOutput> outputs);

std::string server_metadata();

/// With the SHA-256 of the weights as parameters.sha256, and the package's purpose.
///   in   all versions of it that are here
std::string model_metadata(const inference::LoadedPackage& model,
                           const std::vector<std::string>& versions);

/// {"files": [{"name": ..., "bytes": N}, ...]} and a line's end: what stands before their bytes.
std::string package_head(const std::vector<std::pair<std::string, std::string>>& files);

/// {"name": ..., "ready": ...}
std::string model_ready(const inference::LoadedPackage& model, bool is_ready);

/// {"error": words}; what is not UTF-8 is replaced.
std::string error_json(std::string_view words);

}  // namespace bucky::service
