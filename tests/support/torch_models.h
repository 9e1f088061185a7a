// SPDX-License-Identifier: Apache-2.0
// TorchScript for tests.
#pragma once

#include <filesystem>

namespace bucky::test {

/// The behaviour of the TorchScript in a test package.
enum class Behaviour {
    bright_spots,     ///< scores: brightest value of each half; heatmaps: the input, averaged 4 x 4
    scores_only,      ///< as above, without heatmaps
    not_finite,       ///< NaN instead of scores
    out_of_range,     ///< 7.5 as a score
    wrong_shape,      ///< one score too many
    no_tensor,        ///< a text instead of a tensor
    throws_on_white,  ///< raises when the input has a 1
    gate              ///< seven scores: the mean of each seventh of the rows, from the top
};

/// Writes TorchScript of that behaviour: two findings, left half and right half of the input.
void write_model(const std::filesystem::path& file, Behaviour behaviour);

/// What the module that defines it in terms of LibTorch hands over: write_model itself.
inline constexpr const char* kTorchModelsFile = "test_torch_models.so";
inline constexpr const char* kTorchModelsEntry = "bucky_test_write_model";

}  // namespace bucky::test
