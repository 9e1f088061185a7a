// SPDX-License-Identifier: Apache-2.0
// What the module with LibTorch (torch_model.cpp) exports to the program that loads it.
#pragma once

#include "inference/run/model.h"

namespace bucky::inference {

struct TorchModule {
    decltype(&devices_named) devices = nullptr;
    decltype(&loads_compiled) compiled = nullptr;
    decltype(&load_torch_model) load = nullptr;
};

inline constexpr const char* kTorchModuleFile = "bucky_torch.so";
inline constexpr const char* kTorchModuleEntry = "bucky_torch_module";

}  // namespace bucky::inference

extern "C" __attribute__((visibility("default")))
const bucky::inference::TorchModule bucky_torch_module;
