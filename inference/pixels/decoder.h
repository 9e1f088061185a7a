// SPDX-License-Identifier: Apache-2.0
// Decoder: opens untrusted files. Its callers do not know where the parser and the codecs run: in
// this process (in_process()), or in a child process that a hostile image may crash without harm to
// the node (tools/bucky/sandbox/decoder_child.h).
#pragma once

#include <filesystem>

#include "conf/base/error.h"
#include "inference/pixels/header.h"
#include "inference/pixels/image.h"
#include "inference/pixels/text_search.h"

namespace bucky::inference {

/// The process that decoded an image crashed or did not finish. The image is at fault; a retry does
/// not help.
class DecoderDied : public Error {
public:
    explicit DecoderDied(const std::string& words) : Error(Fault::bad_input, "{}", words) {}
};

/// The process that decoded an image did not answer, ended without an error or ran out of memory.
/// The image may be the cause, but a later try may succeed.
class DecoderFailed : public Error {
public:
    DecoderFailed(Fault fault, const std::string& words) : Error(fault, "{}", words) {}
};

class Decoder {
public:
    Decoder() = default;
    virtual ~Decoder() = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    /// As read_header() and decode(); they throw DecoderDied and DecoderFailed in addition to their
    /// errors.
    virtual Header header(const std::filesystem::path& file) = 0;
    virtual Image image(const std::filesystem::path& file) = 0;

    /// As search_text() of that image.
    virtual TextSearch text(const std::filesystem::path& file, Greys greys) = 0;
};

/// read_header() and decode() themselves. Any thread.
Decoder& in_process();

}  // namespace bucky::inference
