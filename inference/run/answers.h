// SPDX-License-Identifier: Apache-2.0
// The check of a model's numbers, wherever they were computed. Pure.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "conf/base/error.h"

namespace bucky::inference {

/// in   scores or heatmaps as a model gave them; `what` they are, for the message
/// out  the same, each 0..1: an overshoot by rounding is cut
/// err  corrupt when one is not finite or outside of 0..1
inline void check_numbers(std::vector<float>& numbers, std::string_view what) {
    constexpr float kRounding = 1e-3F;  // overshoot of a sigmoid in half precision
    for (float& number : numbers) {
        if (!std::isfinite(number)) {
            throw Error(Fault::corrupt, "the model's {} are not finite", what);
        }
        if (number < -kRounding || number > 1 + kRounding) {
            throw Error(Fault::corrupt, "the model's {} reach {}: must be 0 to 1", what, number);
        }
        number = std::clamp(number, 0.0F, 1.0F);
    }
}

}  // namespace bucky::inference
