// SPDX-License-Identifier: Apache-2.0
// Puts a compressed frame into a dataset, and saves it, for codecs and transfer syntaxes that DCMTK
// does not have. Internal to tools/phantom and its tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcxfer.h>

class DcmFileFormat;
class DcmItem;

namespace bucky::phantom {

/// What DCMTK calls the syntax. One that it does not know is compressed, in Explicit VR Little
/// Endian: so is JPEG 2000, which stands in for it.
E_TransferSyntax dcmtk_syntax(std::string_view uid);

/// Inserts Pixel Data of one frame: an empty offset table and one fragment (PS3.5 A.4).
void put_compressed_frame(DcmItem& dataset, std::string_view transfer_syntax,
                          const std::vector<std::uint8_t>& frame);

/// Writes the file in the transfer syntax that its pixels have, known to DCMTK or not.
void save(DcmFileFormat& file, std::string_view transfer_syntax, const std::filesystem::path& path);

}  // namespace bucky::phantom
