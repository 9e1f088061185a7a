// SPDX-License-Identifier: Apache-2.0
// Loads the module as the program loads LibTorch (inference/run/torch_module.cpp), so that only
// tests that need a model wait for it.
#include <stdexcept>

#include <dlfcn.h>

#include "tests/support/torch_models.h"

namespace bucky::test {

void write_model(const std::filesystem::path& file, Behaviour behaviour) {
    void* module = ::dlopen(kTorchModelsFile, RTLD_NOW | RTLD_LOCAL);
    void* entry = module != nullptr ? ::dlsym(module, kTorchModelsEntry) : nullptr;
    if (entry == nullptr) throw std::runtime_error(::dlerror());
    (*static_cast<decltype(&write_model)*>(entry))(file, behaviour);
}

}  // namespace bucky::test
