// SPDX-License-Identifier: Apache-2.0
// The gate as the config names it, for the node and for the commands that ask it.
#pragma once

#include "conf/settings.h"
#include "inference/examine/shelf.h"

namespace bucky {

inline inference::GateOptions gate_options(const conf::InferenceSettings& settings) {
    const auto& folder = settings.gate_model;
    return {inference::gate_mode_of(settings.gate),
            folder.empty() ? inference::gate_beside(settings.models) : folder};
}

}  // namespace bucky
