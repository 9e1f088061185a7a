// SPDX-License-Identifier: Apache-2.0
// Modules: shared libraries with the code that needs a large library of others. They are loaded
// when that code is first needed, and stay loaded until the process ends.
#pragma once

#include <string_view>

namespace bucky {

/// What a module exports.
/// in   the name of its file, which is found through the program's RUNPATH (dlopen(3));
///      the name of the exported constant; the library that it needs, for the message
/// err  unavailable when there is no such file, or a library that it needs is missing
const void* load_module(const char* file, const char* entry, std::string_view library);

}  // namespace bucky
