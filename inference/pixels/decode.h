// SPDX-License-Identifier: Apache-2.0
// decode: from a file as a stranger sent it to stored values.
//
// Order is the promise: shape against the limits -> shape against the bytes that are there ->
// memory -> codec. An absurd image costs nothing. Any thread.
#pragma once

#include <filesystem>
#include <string_view>

#include "inference/pixels/image.h"

class DcmDataset;

namespace bucky::inference {

/// The transfer syntaxes that decode() reads: native little and big endian, deflated, RLE, JPEG
/// baseline, extended and lossless, JPEG-LS, JPEG 2000. Which are not, and why:
/// docs/decisions/0410.
bool decodes(std::string_view transfer_syntax);

/// Frame 1 of an image, as stored, and what the dataset says about its grey.
///   in   a Part 10 file as the node received it
///   out  stored values, BitsStored wide, overlays in unused bits dropped
///   err  bad_input when there are no pixels, fewer than declared, or they contradict the header;
///        unsupported for what is well formed but not ours (colour, 1 and 32 bits, sides or pixels
///        over conf/base/limits.h, a transfer syntax that decodes() refuses); exhausted when there
///        is no memory; unavailable when the file cannot be read
///   src  PS3.3 C.7.6.3.1; PS3.5 8.1.1, 8.2, A.4
Image decode(const std::filesystem::path& file);

/// The same for a dataset in memory, whose pixels are in `transfer_syntax`.
Image decode(DcmDataset& dataset, std::string_view transfer_syntax);

}  // namespace bucky::inference
