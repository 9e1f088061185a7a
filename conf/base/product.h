// SPDX-License-Identifier: Apache-2.0
// The manufacturer and model name in results of this node (PS3.3 C.7.5.1). A result that is sent
// back to the node is recognised by them.
#pragma once

#include <string_view>

namespace bucky {

inline constexpr std::string_view kManufacturer = "Bucky";
inline constexpr std::string_view kManufacturerModel = "Bucky AI modality";

}  // namespace bucky
