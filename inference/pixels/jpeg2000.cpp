// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/jpeg2000.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include <openjpeg.h>

#include "conf/base/error.h"

namespace bucky::inference {
namespace {

/// A stream in memory, for OpenJPEG's callbacks.
struct Source {
    std::span<const std::uint8_t> bytes;
    std::size_t at = 0;
};

constexpr auto kAtEnd = static_cast<OPJ_SIZE_T>(-1);

OPJ_SIZE_T read(void* buffer, OPJ_SIZE_T wanted, void* data) {
    auto& source = *static_cast<Source*>(data);
    const std::size_t taken = std::min<std::size_t>(wanted, source.bytes.size() - source.at);
    if (taken == 0) return kAtEnd;
    std::memcpy(buffer, source.bytes.data() + source.at, taken);
    source.at += taken;
    return taken;
}

OPJ_BOOL seek(OPJ_OFF_T to, void* data) {
    auto& source = *static_cast<Source*>(data);
    if (to < 0 || static_cast<std::size_t>(to) > source.bytes.size()) return OPJ_FALSE;
    source.at = static_cast<std::size_t>(to);
    return OPJ_TRUE;
}

OPJ_OFF_T skip(OPJ_OFF_T wanted, void* data) {
    auto& source = *static_cast<Source*>(data);
    const auto left = static_cast<OPJ_OFF_T>(source.bytes.size() - source.at);
    const OPJ_OFF_T taken = std::clamp<OPJ_OFF_T>(wanted, 0, left);
    if (taken == 0 && wanted != 0) return -1;
    source.at += static_cast<std::size_t>(taken);
    return taken;
}

/// Keeps the first message: it is the cause, and later ones are consequences.
void remember(const char* words, void* data) {
    auto& kept = *static_cast<std::string*>(data);
    if (!kept.empty()) return;
    kept = words;
    while (!kept.empty() && (kept.back() == '\n' || kept.back() == '.')) kept.pop_back();
}

using Codec = std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)>;
using Stream = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;
using Picture = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;

Stream stream_over(Source& source) {
    constexpr OPJ_SIZE_T kBufferBytes = 256U << 10U;
    Stream stream(opj_stream_create(kBufferBytes, OPJ_TRUE), opj_stream_destroy);
    if (!stream) throw Error(Fault::exhausted, "no memory for a JPEG 2000 stream");
    opj_stream_set_user_data(stream.get(), &source, nullptr);
    opj_stream_set_user_data_length(stream.get(), source.bytes.size());
    opj_stream_set_read_function(stream.get(), read);
    opj_stream_set_skip_function(stream.get(), skip);
    opj_stream_set_seek_function(stream.get(), seek);
    return stream;
}

/// in   a codestream that begins as `shape` says
/// out  OpenJPEG's picture, complete: in strict mode a stream that ends early is an error and never
///      gives half an image
Picture decoded(std::span<const std::uint8_t> codestream) {
    std::string complaint;
    Source source{codestream};
    const Stream stream = stream_over(source);
    const Codec codec(opj_create_decompress(OPJ_CODEC_J2K), opj_destroy_codec);
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    opj_set_error_handler(codec.get(), remember, &complaint);
    opj_image_t* raw = nullptr;
    bool good = opj_setup_decoder(codec.get(), &parameters) == OPJ_TRUE &&
                opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE) == OPJ_TRUE &&
                opj_read_header(stream.get(), codec.get(), &raw) == OPJ_TRUE;
    Picture picture(raw, opj_image_destroy);
    good = good && opj_decode(codec.get(), stream.get(), picture.get()) == OPJ_TRUE &&
           opj_end_decompress(codec.get(), stream.get()) == OPJ_TRUE;
    if (!good) {
        throw Error(Fault::bad_input, "the JPEG 2000 pixels cannot be decoded: {}",
                    complaint.empty() ? "the codestream is damaged" : complaint);
    }
    return picture;
}

}  // namespace

std::vector<std::uint16_t> decode_jpeg2000(std::span<const std::uint8_t> codestream,
                                           const Jpeg2000Shape& shape) {
    if (!has_all_tiles(codestream)) {
        throw Error(Fault::bad_input, "the JPEG 2000 pixels are not all there: a tile is missing");
    }
    const Picture picture = decoded(codestream);
    const opj_image_comp_t* plane = picture->numcomps == 1 ? picture->comps : nullptr;
    if (plane == nullptr || plane->data == nullptr || plane->w != shape.columns ||
        plane->h != shape.rows || plane->prec != shape.precision) {
        throw Error(Fault::bad_input, "the JPEG 2000 pixels are not those of its header");
    }
    const std::size_t pixels = std::size_t{shape.rows} * shape.columns;
    std::vector<std::uint16_t> samples(pixels);
    std::transform(plane->data, plane->data + pixels, samples.begin(),
                   [](OPJ_INT32 v) { return static_cast<std::uint16_t>(v); });
    return samples;
}

}  // namespace bucky::inference
