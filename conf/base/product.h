// SPDX-License-Identifier: Apache-2.0
// By what name our results say who made them (PS3.3 C.7.5.1), and so by what name a result that
// comes back to us is known.
#pragma once

#include <string_view>

namespace bucky {

inline constexpr std::string_view kManufacturer = "Bucky";
inline constexpr std::string_view kManufacturerModel = "Bucky AI modality";

}  // namespace bucky
