// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/jpeg_decoder.h"

#include <algorithm>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djdijg12.h>
#include <dcmtk/dcmjpeg/djdijg16.h>
#include <dcmtk/dcmjpeg/djdijg8.h>

#include "conf/base/error.h"
#include "inference/pixels/end_marker.h"

namespace bucky::inference {
namespace {

constexpr int kWarning = -1;  ///< level of a message of the IJG library about damaged data

/// One of DCMTK's decoders, which counts the library's complaints about the data.
template <typename Decoder>
class Counting final : public Decoder {
public:
    using Decoder::Decoder;
    void emitMessage(int level) const override {
        if (level == kWarning) ++warnings_;
    }
    bool complains() const { return warnings_ > 0; }

private:
    mutable unsigned warnings_ = 0;  // DCMTK's callback is const
};

struct Outcome {
    OFCondition made;
    bool complains = false;

    bool wants_more() const { return made == EJ_Suspension; }
};

template <typename Decoder, typename Sample>
Outcome decode_into(std::vector<Sample>& samples, std::span<const std::uint8_t> stream) {
    static const DJCodecParameter as_stored(ECC_lossyYCbCr, EDC_never, EUC_never, EPC_default);
    Counting<Decoder> decoder(as_stored, OFFalse);
    Outcome outcome{decoder.init()};
    if (outcome.made.good()) {
        auto* bytes = const_cast<Uint8*>(stream.data());  // only read
        outcome.made = decoder.decode(
            bytes, static_cast<Uint32>(stream.size()), reinterpret_cast<Uint8*>(samples.data()),
            static_cast<Uint32>(samples.size() * sizeof(Sample)), OFFalse);
    }
    outcome.complains = decoder.complains();
    return outcome;
}

/// Each of the library's three builds has samples of its own width.
Outcome decode_by_precision(std::vector<std::uint16_t>& samples,
                            std::span<const std::uint8_t> stream, unsigned precision) {
    if (precision > 12) return decode_into<DJDecompressIJG16Bit>(samples, stream);
    if (precision > 8) return decode_into<DJDecompressIJG12Bit>(samples, stream);
    std::vector<std::uint8_t> narrow(samples.size());
    const Outcome outcome = decode_into<DJDecompressIJG8Bit>(narrow, stream);
    std::copy(narrow.begin(), narrow.end(), samples.begin());
    return outcome;
}

/// Decodes the stream with an end marker behind it. With fewer bits than its pixels need, the
/// library meets the marker too early and complains.
bool decode_with_end(std::vector<std::uint16_t>& samples, std::span<const std::uint8_t> stream,
                     unsigned precision) {
    for (const auto& meant : ended(stream)) {
        const Outcome outcome = decode_by_precision(samples, meant, precision);
        if (outcome.made.good() && !outcome.complains) return true;
    }
    return false;
}

/// Whether the pixels hang on what stands behind the scan: then it ends before its last pixel, and
/// the library has made up the rest. A scan without a pixel missing does not read on.
bool lacks_pixels(const std::vector<std::uint16_t>& samples, std::span<const std::uint8_t> stream,
                  unsigned precision) {
    constexpr std::size_t kMarker = 2, kMore = 64;
    constexpr std::uint8_t kNotZero = 0xAA;  // the library makes up zeros
    while (stream.back() == 0) stream = stream.first(stream.size() - 1);
    const auto scan = stream.first(stream.size() - kMarker);
    std::vector<std::uint8_t> longer(scan.begin(), scan.end());
    longer.insert(longer.end(), kMore, kNotZero);
    longer.insert(longer.end(), {0xFF, 0xD9});
    std::vector<std::uint16_t> others(samples.size());
    const Outcome outcome = decode_by_precision(others, longer, precision);
    return outcome.made.good() && others != samples;
}

}  // namespace

JpegPixels decode_jpeg(std::span<const std::uint8_t> stream, const JpegShape& shape,
                       std::size_t pixels) {
    JpegPixels decoded;
    decoded.samples.resize(pixels);
    const Outcome outcome = decode_by_precision(decoded.samples, stream, shape.precision);
    if (outcome.made.good()) {
        if (outcome.complains && has_end_marker(stream) &&
            lacks_pixels(decoded.samples, stream, shape.precision)) {
            throw Error(Fault::bad_input, "the JPEG stream has fewer pixels than its header says");
        }
        return decoded;
    }
    if (!outcome.wants_more()) {
        throw Error(Fault::bad_input, "the pixel data cannot be decoded: {}", outcome.made.text());
    }
    // Scans of a progressive stream only refine the picture: none says that another one is missing.
    decoded.without_end =
        !shape.is_progressive && decode_with_end(decoded.samples, stream, shape.precision);
    if (decoded.without_end) return decoded;
    throw Error(Fault::bad_input, "the JPEG stream ends before its last pixel");
}

}  // namespace bucky::inference
