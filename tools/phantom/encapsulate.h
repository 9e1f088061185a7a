// SPDX-License-Identifier: Apache-2.0
// Puts a frame that is compressed already into a dataset, for codecs that DCMTK does not have.
// Internal to tools/phantom and to the tests.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

class DcmItem;

namespace bucky::phantom {

/// Pixel Data of one frame in one fragment behind an empty offset table (PS3.5 A.4).
void put_compressed_frame(DcmItem& dataset, std::string_view transfer_syntax,
                          const std::vector<std::uint8_t>& frame);

}  // namespace bucky::phantom
