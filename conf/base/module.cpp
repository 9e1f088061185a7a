// SPDX-License-Identifier: Apache-2.0
#include "conf/base/module.h"

#include <dlfcn.h>

#include "conf/base/error.h"

namespace bucky {

const void* load_module(const char* file, const char* entry, std::string_view library) {
    void* module = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
    void* found = module != nullptr ? ::dlsym(module, entry) : nullptr;
    if (found == nullptr) {
        throw Error(Fault::unavailable, "{} cannot be loaded ({}): is all of Bucky installed?",
                    library, ::dlerror());
    }
    return found;
}

}  // namespace bucky
