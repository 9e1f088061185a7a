// SPDX-License-Identifier: Apache-2.0
// The options of the image gate from the config, for the node and the commands.
#pragma once

#include "conf/settings.h"
#include "inference/examine/shelf.h"

namespace bucky {

inline inference::GateOptions gate_options(const conf::InferenceSettings& settings) {
    const auto& folder = settings.gate_model;
    return {settings.gate, folder.empty() ? inference::gate_beside(settings.models) : folder};
}

}  // namespace bucky
