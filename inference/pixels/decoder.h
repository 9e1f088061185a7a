// SPDX-License-Identifier: Apache-2.0
// Decoder: whoever opens a stranger's file. The science asks it and does not know where the parser
// and the codecs run: in this process (in_process()), or in one that may die of a hostile image
// without taking the node along (tools/bucky/sandbox/decoder_child.h).
#pragma once

#include <filesystem>

#include "conf/base/error.h"
#include "inference/pixels/header.h"
#include "inference/pixels/image.h"

namespace bucky::inference {

/// The process that decoded an image crashed or did not come to an end: the image's fault, for
/// good.
class DecoderDied : public Error {
public:
    explicit DecoderDied(const std::string& words) : Error(Fault::bad_input, "{}", words) {}
};

class Decoder {
public:
    Decoder() = default;
    virtual ~Decoder() = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    /// As read_header() and decode() promise; DecoderDied beside their errors.
    virtual Header header(const std::filesystem::path& file) = 0;
    virtual Image image(const std::filesystem::path& file) = 0;
};

/// read_header() and decode() themselves. Any thread.
Decoder& in_process();

}  // namespace bucky::inference
