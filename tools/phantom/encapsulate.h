// SPDX-License-Identifier: Apache-2.0
// Puts a compressed frame into a dataset, for codecs that DCMTK does not have. Internal to
// tools/phantom and its tests.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

class DcmItem;

namespace bucky::phantom {

/// Inserts Pixel Data of one frame: an empty offset table and one fragment (PS3.5 A.4).
void put_compressed_frame(DcmItem& dataset, std::string_view transfer_syntax,
                          const std::vector<std::uint8_t>& frame);

}  // namespace bucky::phantom
