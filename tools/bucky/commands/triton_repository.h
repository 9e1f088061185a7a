// SPDX-License-Identifier: Apache-2.0
// A model package as a folder of NVIDIA Triton's model repository: NAME/config.pbtxt and NAME/1/.
// A site's RemoteModel needs no further line for it: the tensors stand in the order that it takes,
// and the configuration names the hash of the weights where it looks for it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "inference/package/package.h"

namespace bucky {

/// Which of Triton's backends runs the TorchScript.
enum class TritonBackend {
    pytorch,  ///< LibTorch, in Triton's own process
    python    ///< model.py, where Triton was built without it; needs PyTorch for its Python
};

struct TritonModel {
    inference::Package package;  ///< with weights
    std::uint32_t heatmap_rows = 0, heatmap_columns = 0;
    TritonBackend backend = TritonBackend::pytorch;
    std::uint32_t batch_max = 8;
};

/// The text of config.pbtxt (ModelConfig of Triton's model_config.proto).
std::string triton_config(const TritonModel& model);

/// Writes the model's folder below `repository`, under another name first: Triton may be looking.
///   out  the folder
///   err  bad_input when it is there already; unavailable when it cannot be written
std::filesystem::path write_triton_model(const TritonModel& model,
                                         const std::filesystem::path& repository);

}  // namespace bucky
