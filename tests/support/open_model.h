// SPDX-License-Identifier: Apache-2.0
// A copy of cxr-phantom that takes any equipment's images, for tests of files that `bucky phantom`
// did not write. It has another name, and it is no demonstration.
#pragma once

#include <filesystem>

namespace bucky::test {

inline constexpr const char* kOpenModel = "cxr-open";

/// Writes the package into `folder`, which is made. Returns the folder.
std::filesystem::path write_open_model(const std::filesystem::path& folder);

}  // namespace bucky::test
