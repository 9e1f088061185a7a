// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/jpeg2000.h"

#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "conf/base/error.h"

namespace bucky::phantom {
namespace {

struct Sink {
    std::vector<std::uint8_t> bytes;
    std::size_t at = 0;
};

OPJ_SIZE_T write(void* buffer, OPJ_SIZE_T count, void* data) {
    auto& sink = *static_cast<Sink*>(data);
    sink.bytes.resize(std::max(sink.bytes.size(), sink.at + count));
    std::memcpy(sink.bytes.data() + sink.at, buffer, count);
    sink.at += count;
    return count;
}

OPJ_BOOL seek(OPJ_OFF_T to, void* data) {
    auto& sink = *static_cast<Sink*>(data);
    sink.at = static_cast<std::size_t>(to);
    sink.bytes.resize(std::max(sink.bytes.size(), sink.at));
    return OPJ_TRUE;
}

OPJ_OFF_T skip(OPJ_OFF_T count, void* data) {
    auto& sink = *static_cast<Sink*>(data);
    return seek(static_cast<OPJ_OFF_T>(sink.at) + count, data) == OPJ_TRUE ? count : -1;
}

using Image = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;

Image image_of(const Jpeg2000Picture& picture) {
    opj_image_cmptparm_t plane{};
    plane.dx = plane.dy = 1;
    plane.w = picture.columns;
    plane.h = picture.rows;
    plane.prec = picture.bits;
    plane.sgnd = picture.is_signed ? 1 : 0;
    Image image(opj_image_create(1, &plane, OPJ_CLRSPC_GRAY), opj_image_destroy);
    if (!image) throw Error(Fault::exhausted, "no memory for a JPEG 2000 picture");
    image->x1 = picture.columns;
    image->y1 = picture.rows;
    const int sign = picture.is_signed ? 1 << (picture.bits - 1) : 0;
    const int mask = (1 << picture.bits) - 1;
    std::transform(picture.values.begin(), picture.values.end(), image->comps[0].data,
                   [&](std::uint16_t value) { return ((value & mask) ^ sign) - sign; });
    return image;
}

opj_cparameters_t parameters_of(const Jpeg2000Picture& picture) {
    opj_cparameters_t parameters;
    opj_set_default_encoder_parameters(&parameters);
    parameters.tcp_numlayers = 1;
    const auto side = std::min(picture.rows, picture.columns);
    while (parameters.numresolution > 1 && side >> (parameters.numresolution - 1) == 0) {
        --parameters.numresolution;  // each level halves the picture
    }
    if (picture.tile_side > 0) {
        parameters.tile_size_on = OPJ_TRUE;
        parameters.cp_tdx = parameters.cp_tdy = static_cast<int>(picture.tile_side);
    }
    if (picture.quality_db > 0) {
        parameters.irreversible = 1;
        parameters.cp_fixed_quality = 1;
        parameters.tcp_distoratio[0] = static_cast<float>(picture.quality_db);
    } else {
        parameters.cp_disto_alloc = 1;  // rate 0: lossless
    }
    return parameters;
}

}  // namespace

std::vector<std::uint8_t> encode_jpeg2000(const Jpeg2000Picture& picture) {
    const Image image = image_of(picture);
    opj_cparameters_t parameters = parameters_of(picture);
    Sink sink;
    const std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)> codec(
        opj_create_compress(OPJ_CODEC_J2K), opj_destroy_codec);
    const std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)> stream(
        opj_stream_create(1U << 20U, OPJ_FALSE), opj_stream_destroy);
    opj_stream_set_user_data(stream.get(), &sink, nullptr);
    opj_stream_set_write_function(stream.get(), write);
    opj_stream_set_seek_function(stream.get(), seek);
    opj_stream_set_skip_function(stream.get(), skip);
    const bool good = opj_setup_encoder(codec.get(), &parameters, image.get()) == OPJ_TRUE &&
                      opj_start_compress(codec.get(), image.get(), stream.get()) == OPJ_TRUE &&
                      opj_encode(codec.get(), stream.get()) == OPJ_TRUE &&
                      opj_end_compress(codec.get(), stream.get()) == OPJ_TRUE;
    if (!good) {
        throw Error(Fault::bug, "OpenJPEG does not encode {} x {} pixels of {} bits",
                    picture.columns, picture.rows, picture.bits);
    }
    return std::move(sink.bytes);
}

}  // namespace bucky::phantom
