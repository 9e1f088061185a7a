// SPDX-License-Identifier: Apache-2.0
// decode: from an untrusted file to stored values.
//
// Order is the promise: check the shape against the limits -> check it against the bytes present ->
// allocate memory -> run the codec. An absurd image costs nothing. Any thread.
#pragma once

#include <filesystem>
#include <string_view>

#include "inference/pixels/image.h"

class DcmDataset;

namespace bucky::inference {

/// Whether decode() reads this transfer syntax: native little and big endian, deflated, RLE, JPEG
/// baseline, extended and lossless, JPEG-LS, JPEG 2000. docs/decisions/0410 says why others are not
/// read.
bool decodes(std::string_view transfer_syntax);

/// Frame 1 of an image as stored, with the dataset's grey rules.
///   in   a Part 10 file as the node received it
///   out  stored values, BitsStored wide, overlays in unused bits dropped
///   err  bad_input when there are no pixels, fewer than declared, or they contradict the header;
///        unsupported for a well-formed image that is not supported (colour, 1 and 32 bits, sides
///        or pixels over conf/base/limits.h, a transfer syntax that decodes() refuses); exhausted
///        when there is no memory; unavailable when the file cannot be read
///   src  PS3.3 C.7.6.3.1; PS3.5 8.1.1, 8.2, A.4
Image decode(const std::filesystem::path& file);

/// The same for a dataset in memory, whose pixels are in `transfer_syntax`.
Image decode(DcmDataset& dataset, std::string_view transfer_syntax);

}  // namespace bucky::inference
