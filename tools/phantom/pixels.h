// SPDX-License-Identifier: Apache-2.0
// From display values 0..1 to stored values, and the window that displays them unchanged.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/phantom/write.h"

namespace bucky::phantom {

/// Stored values of `bits` bits. MONOCHROME1 stores bright as small.
std::vector<std::uint16_t> stored_values(const Phantom& phantom, const DicomOptions& options);

/// The window that covers the whole stored range after the rescale (PS3.3 C.11.2.1.2).
Window full_window(const DicomOptions& options);

}  // namespace bucky::phantom
