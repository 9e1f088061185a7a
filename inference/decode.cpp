// SPDX-License-Identifier: Apache-2.0
#include "inference/decode.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "inference/dicom_file.h"
#include "inference/grey_rules.h"
#include "inference/jpeg_stream.h"

namespace bucky::inference {
namespace {

enum class Coding { native, rle, jpeg };

struct Syntax {
    std::string_view uid;
    Coding coding;
};

constexpr std::array kSyntaxes{
    Syntax{"1.2.840.10008.1.2", Coding::native},       // Implicit VR Little Endian
    Syntax{"1.2.840.10008.1.2.1", Coding::native},     // Explicit VR Little Endian
    Syntax{"1.2.840.10008.1.2.1.99", Coding::native},  // Deflated Explicit VR Little Endian
    Syntax{"1.2.840.10008.1.2.2", Coding::native},     // Explicit VR Big Endian
    Syntax{"1.2.840.10008.1.2.5", Coding::rle},        // RLE Lossless
    Syntax{"1.2.840.10008.1.2.4.50", Coding::jpeg},    // JPEG Baseline
    Syntax{"1.2.840.10008.1.2.4.51", Coding::jpeg},    // JPEG Extended
    Syntax{"1.2.840.10008.1.2.4.57", Coding::jpeg},    // JPEG Lossless, Process 14
    Syntax{"1.2.840.10008.1.2.4.70", Coding::jpeg},    // JPEG Lossless, Process 14 SV 1
    Syntax{"1.2.840.10008.1.2.4.80", Coding::jpeg},    // JPEG-LS Lossless
    Syntax{"1.2.840.10008.1.2.4.81", Coding::jpeg},    // JPEG-LS Near-Lossless
};

const Syntax* syntax_of(std::string_view uid) {
    const auto* found = std::find_if(kSyntaxes.begin(), kSyntaxes.end(),
                                     [&](const Syntax& s) { return s.uid == uid; });
    return found == kSyntaxes.end() ? nullptr : found;
}

/// DCMTK keeps its codecs in one list for the process.
void register_codecs_once() {
    static std::once_flag once;
    std::call_once(once, [] {
        DcmRLEDecoderRegistration::registerCodecs();
        DJDecoderRegistration::registerCodecs();
        DJLSDecoderRegistration::registerCodecs();
    });
}

/// How the samples lie in memory (PS3.5 8.1.1).
struct Layout {
    std::uint32_t rows = 0, columns = 0;
    std::uint16_t allocated = 0, stored = 0, high_bit = 0;
    bool is_signed = false;

    std::uint64_t pixels() const { return std::uint64_t{rows} * columns; }
    std::uint64_t bytes() const { return pixels() * (allocated / 8U); }
};

std::uint16_t required(DcmItem& dataset, const DcmTagKey& tag) {
    Uint16 value = 0;
    if (dataset.findAndGetUint16(tag, value).bad()) {
        throw Error(Fault::bad_input, "the image has no {}", DcmTag(tag).getTagName());
    }
    return value;
}

void must_be_grey(DcmItem& dataset) {
    Uint16 samples = 1;
    dataset.findAndGetUint16(DCM_SamplesPerPixel, samples);
    const std::string photometric = text_of(dataset, DCM_PhotometricInterpretation);
    if (samples != 1 || (photometric != "MONOCHROME1" && photometric != "MONOCHROME2")) {
        throw Error(Fault::unsupported,
                    "photometric interpretation \"{}\" with {} samples a pixel: only MONOCHROME1 "
                    "and MONOCHROME2 are read",
                    photometric, samples);
    }
}

Layout read_layout(DcmItem& dataset) {
    must_be_grey(dataset);
    Layout layout;
    layout.rows = required(dataset, DCM_Rows);
    layout.columns = required(dataset, DCM_Columns);
    layout.allocated = required(dataset, DCM_BitsAllocated);
    layout.stored = required(dataset, DCM_BitsStored);
    layout.high_bit = static_cast<std::uint16_t>(layout.stored - 1);
    dataset.findAndGetUint16(DCM_HighBit, layout.high_bit);
    Uint16 representation = 0;
    dataset.findAndGetUint16(DCM_PixelRepresentation, representation);
    layout.is_signed = representation == 1;

    if (layout.rows == 0 || layout.columns == 0) {
        throw Error(Fault::bad_input, "the image is {} x {} pixels", layout.columns, layout.rows);
    }
    if (std::max(layout.rows, layout.columns) > limits::kImageSideMax ||
        layout.pixels() > limits::kImagePixelsMax) {
        throw Error(Fault::unsupported,
                    "the image is {} x {} pixels: at most {} a side and {} in "
                    "all are decoded",
                    layout.columns, layout.rows, limits::kImageSideMax, limits::kImagePixelsMax);
    }
    if (layout.allocated != 8 && layout.allocated != 16) {
        throw Error(Fault::unsupported, "{} bits allocated: 8 and 16 are read", layout.allocated);
    }
    if (layout.stored == 0 || layout.stored > layout.allocated ||
        layout.high_bit >= layout.allocated || layout.high_bit + 1 < layout.stored) {
        throw Error(Fault::bad_input, "{} bits stored, high bit {}, in {} bits allocated",
                    layout.stored, layout.high_bit, layout.allocated);
    }
    return layout;
}

DcmPixelData& pixel_data_of(DcmDataset& dataset) {
    DcmElement* element = nullptr;
    dataset.findAndGetElement(DCM_PixelData, element);
    auto* pixels = dynamic_cast<DcmPixelData*>(element);
    if (pixels == nullptr) throw Error(Fault::bad_input, "the image has no Pixel Data");
    return *pixels;
}

/// The first fragment of the first frame: item 0 is the Basic Offset Table (PS3.5 A.4).
std::span<const std::uint8_t> first_fragment(DcmDataset& dataset, DcmPixelData& pixels) {
    E_TransferSyntax syntax = dataset.getOriginalXfer();
    const DcmRepresentationParameter* parameter = nullptr;
    pixels.getOriginalRepresentationKey(syntax, parameter);
    DcmPixelSequence* fragments = nullptr;
    DcmPixelItem* fragment = nullptr;
    Uint8* bytes = nullptr;
    if (pixels.getEncapsulatedRepresentation(syntax, parameter, fragments).bad() ||
        fragments == nullptr || fragments->getItem(fragment, 1).bad() ||
        fragment->getLength() == 0 || fragment->getUint8Array(bytes).bad() || bytes == nullptr) {
        throw Error(Fault::bad_input, "the pixel data has no compressed frame");
    }
    return {bytes, fragment->getLength()};
}

void must_agree(const Layout& layout, const JpegShape& stream) {
    const bool same_shape =
        stream.columns == layout.columns && (stream.rows == layout.rows || stream.rows == 0);
    if (!same_shape || stream.components != 1 || stream.precision > layout.allocated) {
        throw Error(Fault::bad_input,
                    "the header says {} x {} pixels of {} bits, the compressed stream {} x {} of "
                    "{} bits in {} components",
                    layout.columns, layout.rows, layout.stored, stream.columns, stream.rows,
                    stream.precision, stream.components);
    }
}

/// Before a byte is set aside: are the declared pixels there at all?
///   out  bytes a sample will have in memory: for JPEG, DCMTK goes by the stream's precision,
///        whatever Bits Allocated says
unsigned must_fit(const Layout& layout, Coding coding, DcmDataset& dataset, DcmPixelData& pixels) {
    const unsigned declared = layout.allocated / 8U;
    if (coding == Coding::native) {
        if (pixels.getLength() < layout.bytes()) {
            throw Error(
                Fault::bad_input, "{} x {} pixels of {} bits need {} bytes, the pixel data has {}",
                layout.columns, layout.rows, layout.allocated, layout.bytes(), pixels.getLength());
        }
        return declared;
    }
    const auto stream = first_fragment(dataset, pixels);
    if (coding == Coding::rle) {
        // A run of at most 128 bytes costs two (PS3.5 G.3.1), after a header of 64.
        if (stream.size() < 64 + layout.bytes() / 64) {
            throw Error(Fault::bad_input, "{} x {} pixels cannot come out of {} RLE bytes",
                        layout.columns, layout.rows, stream.size());
        }
        return declared;
    }
    const auto shape = jpeg_shape(stream);
    if (!shape) throw Error(Fault::bad_input, "the compressed frame is not a JPEG stream");
    must_agree(layout, *shape);
    return shape->precision <= 8 && !shape->is_jpeg_ls ? 1 : declared;
}

/// Fills `samples` with the first frame. DCMTK wants room for what Bits Allocated says, in an even
/// number of bytes.
template <typename Sample>
void decode_into(std::vector<Sample>& samples, DcmDataset& dataset, DcmPixelData& pixels) {
    Uint32 fragment = 0;
    OFString colour_model;
    const OFCondition decoded = pixels.getUncompressedFrame(
        &dataset, 0, fragment, samples.data(), static_cast<Uint32>(samples.size() * sizeof(Sample)),
        colour_model);
    if (decoded.bad()) {
        throw Error(Fault::bad_input, "the pixel data cannot be decoded: {}", decoded.text());
    }
}

/// BitsStored bits below HighBit; what stands beside them are old overlays (PS3.5 8.1.2) or noise.
std::vector<std::uint16_t> read_patterns(const Layout& layout, unsigned sample_bytes,
                                         DcmDataset& dataset, DcmPixelData& pixels) {
    std::vector<std::uint16_t> patterns(layout.pixels());
    if (sample_bytes == 1) {
        std::vector<std::uint8_t> samples(layout.bytes() + layout.bytes() % 2);
        decode_into(samples, dataset, pixels);
        std::copy_n(samples.begin(), patterns.size(), patterns.begin());
    } else {
        decode_into(patterns, dataset, pixels);
    }
    const unsigned shift = layout.high_bit + 1U - layout.stored;
    const unsigned mask = (1U << layout.stored) - 1U;
    if (layout.stored == 16) return patterns;
    for (std::uint16_t& pattern : patterns) {
        pattern = static_cast<std::uint16_t>((unsigned{pattern} >> shift) & mask);
    }
    return patterns;
}

Image decode_frame(DicomFile& dicom) {
    DcmDataset& dataset = dicom.dataset();
    const std::string uid = dicom.transfer_syntax();
    DcmPixelData& pixels = pixel_data_of(dataset);
    const Layout layout = read_layout(dataset);
    const Syntax* syntax = syntax_of(uid);
    if (syntax == nullptr) {
        throw Error(Fault::unsupported, "pixels in transfer syntax {} are not decoded", uid);
    }
    if (!dicom.pixels_are_whole()) {
        throw Error(Fault::bad_input, "the file ends inside its pixel data");
    }
    const unsigned sample_bytes = must_fit(layout, syntax->coding, dataset, pixels);

    Image image;
    image.frame.rows = layout.rows;
    image.frame.columns = layout.columns;
    image.frame.bits_stored = layout.stored;
    image.frame.is_signed = layout.is_signed;
    image.frame.patterns = read_patterns(layout, sample_bytes, dataset, pixels);
    image.grey = read_grey_rules(dataset, image.frame);
    Sint32 frames = 1;
    if (dataset.findAndGetSint32(DCM_NumberOfFrames, frames).good() && frames > 1) {
        image.frames = static_cast<std::uint32_t>(frames);
    }
    return image;
}

}  // namespace

bool decodes(std::string_view transfer_syntax) {
    return syntax_of(transfer_syntax) != nullptr;
}

Image decode(const std::filesystem::path& file) {
    register_codecs_once();
    try {
        DicomFile dicom(file);
        return decode_frame(dicom);
    } catch (const std::bad_alloc&) {
        throw Error(Fault::exhausted, "no memory to decode {}", file.string());
    }
}

}  // namespace bucky::inference
