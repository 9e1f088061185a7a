// SPDX-License-Identifier: Apache-2.0
// On Debian, LibTorch loads 200 shared libraries: half a second at each start, and code that a
// process which decodes untrusted pixels should not contain. So it is a module, loaded when a model
// is first needed.
#include "inference/run/torch_module.h"

#include "conf/base/module.h"

namespace bucky::inference {
namespace {

const TorchModule& torch_module() {
    static const auto* const loaded = static_cast<const TorchModule*>(
        load_module(kTorchModuleFile, kTorchModuleEntry, "LibTorch"));
    return *loaded;
}

}  // namespace

std::vector<std::string> devices_named(const std::string& name) {
    return torch_module().devices(name);
}

bool loads_compiled() {
    return torch_module().compiled();
}

std::shared_ptr<Model> load_torch_model(const std::filesystem::path& weights,
                                        const ModelOptions& options) {
    return torch_module().load(weights, options);
}

}  // namespace bucky::inference
