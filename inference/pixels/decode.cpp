// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/decode.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <string>
#include <utility>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpls/djdecode.h>

#include "conf/base/error.h"
#include "conf/dicom/transfer_syntaxes.h"
#include "inference/pixels/dicom_file.h"
#include "inference/pixels/end_marker.h"
#include "inference/pixels/fragments.h"
#include "inference/pixels/grey_rules.h"
#include "inference/pixels/jpeg2000.h"
#include "inference/pixels/jpeg2000_stream.h"
#include "inference/pixels/jpeg_decoder.h"
#include "inference/pixels/jpeg_stream.h"
#include "inference/pixels/one_frame.h"
#include "inference/pixels/pixel_layout.h"
#include "inference/pixels/shutter.h"
#include "inference/pixels/stored_bits.h"
#include "inference/pixels/view.h"

namespace bucky::inference {
namespace {

using Cells = std::vector<std::uint16_t>;  ///< rows * columns, as the codec gives them

/// DCMTK keeps one list of codecs for the whole process.
void register_codecs_once() {
    static std::once_flag once;
    std::call_once(once, [] {
        DcmRLEDecoderRegistration::registerCodecs();
        DJLSDecoderRegistration::registerCodecs();
    });
}

DcmPixelData& pixel_data_of(DcmDataset& dataset) {
    DcmElement* element = nullptr;
    dataset.findAndGetElement(DCM_PixelData, element);
    auto* pixels = dynamic_cast<DcmPixelData*>(element);
    if (pixels == nullptr) throw Error(Fault::bad_input, "the image has no Pixel Data");
    return *pixels;
}

void must_agree(const PixelLayout& layout, const JpegShape& stream) {
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

/// Throws if so few bytes cannot hold so many pixels, whatever the image shows.
void must_suffice(const PixelLayout& layout, std::size_t bytes, std::uint64_t pixels_a_byte,
                  std::size_t head = 0) {
    if (bytes >= head + layout.pixels() / pixels_a_byte) return;
    throw Error(Fault::bad_input, "{} x {} pixels cannot come out of {} compressed bytes",
                layout.columns, layout.rows, bytes);
}

/// Fills `samples` with the first frame. DCMTK needs a buffer for Bits Allocated and an even number
/// of bytes.
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

/// The first frame as DCMTK's codecs give it.
///   in   `sample_bytes`: the size of a sample in memory
Cells cells_by_dcmtk(const PixelLayout& layout, unsigned sample_bytes, DcmDataset& dataset,
                     DcmPixelData& pixels) {
    Cells cells(layout.pixels());
    if (sample_bytes == 1) {
        std::vector<std::uint8_t> samples(cells.size() + cells.size() % 2);
        decode_into(samples, dataset, pixels);
        std::copy_n(samples.begin(), cells.size(), cells.begin());
    } else {
        decode_into(cells, dataset, pixels);
    }
    return cells;
}

Cells native_cells(const PixelLayout& layout, DcmDataset& dataset, DcmPixelData& pixels) {
    if (pixels.getLength() < layout.bytes()) {
        throw Error(
            Fault::bad_input, "{} x {} pixels of {} bits need {} bytes, the pixel data has {}",
            layout.columns, layout.rows, layout.allocated, layout.bytes(), pixels.getLength());
    }
    return cells_by_dcmtk(layout, layout.allocated / 8U, dataset, pixels);
}

/// One fragment holds the frame (PS3.5 A.4.2); a frame that is cut nevertheless is put together.
Cells rle_cells(const PixelLayout& layout, DcmDataset& dataset, DcmPixelData& pixels) {
    const Fragments frame = first_frame(dataset, pixels, layout.frames);
    // A run of at most 128 bytes is coded in two (PS3.5 G.3.1), after a header of 64 bytes.
    must_suffice(layout, frame.bytes(), 64 / (layout.allocated / 8U), 64);
    const unsigned sample_bytes = layout.allocated / 8U;
    if (frame.parts.size() == 1) return cells_by_dcmtk(layout, sample_bytes, dataset, pixels);
    std::vector<std::uint8_t> room;
    OneFrame one(layout, layout.allocated, transfer_syntax::kRle, frame.joined(room));
    return cells_by_dcmtk(layout, sample_bytes, one.dataset(), one.pixels());
}

Cells jpeg_ls_cells(const PixelLayout& layout, std::string_view syntax, unsigned precision,
                    std::span<const std::uint8_t> stream) {
    const unsigned allocated = precision <= 8 ? 8 : 16;
    OneFrame one(layout, allocated, syntax, stream);
    return cells_by_dcmtk(layout, allocated / 8, one.dataset(), one.pixels());
}

/// The stream's precision decides how wide its samples are, not Bits Allocated.
SampledCells jpeg_cells(const PixelLayout& layout, std::string_view syntax, DcmDataset& dataset,
                        DcmPixelData& pixels, bool& without_end) {
    std::vector<std::uint8_t> room;
    const auto stream = first_frame(dataset, pixels, layout.frames).joined(room);
    const auto shape = jpeg_shape(stream);
    if (!shape) throw Error(Fault::bad_input, "the compressed frame is not a JPEG stream");
    must_agree(layout, *shape);
    must_suffice(layout, stream.size(), most_pixels_a_byte(*shape));
    if (shape->process == JpegProcess::jpeg_ls) {
        return {decode_ended(stream, without_end,
                             [&](std::span<const std::uint8_t> ended) {
                                 return jpeg_ls_cells(layout, syntax, shape->precision, ended);
                             }),
                shape->precision};
    }
    JpegPixels decoded = decode_jpeg(stream, *shape, layout.pixels());
    without_end = decoded.without_end;
    return {std::move(decoded.samples), shape->precision};
}

/// The codestream has its own sign flag, which may differ from Pixel Representation:
/// read_stored_bits() looks at the values.
SampledCells jpeg_2000_cells(const PixelLayout& layout, DcmDataset& dataset, DcmPixelData& pixels,
                             bool& without_end) {
    std::vector<std::uint8_t> room;
    const auto codestream = codestream_in(first_frame(dataset, pixels, layout.frames).joined(room));
    const auto shape = codestream ? jpeg2000_shape(*codestream) : std::nullopt;
    if (!shape) throw Error(Fault::bad_input, "the compressed frame is not a JPEG 2000 stream");
    must_agree(layout, {shape->rows, shape->columns, shape->precision, shape->components});
    if (shape->is_subsampled) throw Error(Fault::unsupported, "a subsampled JPEG 2000 stream");
    constexpr std::uint64_t kBlackPixelsAByte = 65536;  // 2500 x 2048 black pixels take 164 bytes
    must_suffice(layout, codestream->size(), kBlackPixelsAByte);

    return {decode_ended(*codestream, without_end,
                         [&](std::span<const std::uint8_t> ended) {
                             return decode_jpeg2000(ended, *shape);
                         }),
            shape->precision};
}

SampledCells cells_of(const TransferSyntax& syntax, const PixelLayout& layout, DcmDataset& dataset,
                      DcmPixelData& pixels, bool& without_end) {
    switch (syntax.coding) {
        case PixelCoding::native: return {native_cells(layout, dataset, pixels)};
        case PixelCoding::rle: return {rle_cells(layout, dataset, pixels)};
        case PixelCoding::jpeg: return jpeg_cells(layout, syntax.uid, dataset, pixels, without_end);
        case PixelCoding::jpeg_2000: return jpeg_2000_cells(layout, dataset, pixels, without_end);
    }
    __builtin_unreachable();
}

/// The bits of the cells that hold overlays: planes without data of their own (PS3.5 8.1.2; PS3.3
/// C.9.2 of 2004, retired).
std::uint16_t overlay_bits_of(DcmDataset& dataset) {
    constexpr Uint16 kFirstGroup = 0x6000, kLastGroup = 0x601E;
    unsigned bits = 0;
    for (unsigned group = kFirstGroup; group <= kLastGroup; group += 2) {
        const auto tag = [&](unsigned element) {
            return DcmTagKey(static_cast<Uint16>(group), static_cast<Uint16>(element));
        };
        const auto position = short_of(dataset, tag(0x0102), 0);
        if (!position || *position > 15 || dataset.tagExistsWithValue(tag(0x3000))) continue;
        bits |= 1U << *position;
    }
    return static_cast<std::uint16_t>(bits);
}

}  // namespace

bool decodes(std::string_view transfer_syntax) {
    return find_transfer_syntax(transfer_syntax) != nullptr;
}

Image decode(DcmDataset& dataset, std::string_view transfer_syntax) {
    register_codecs_once();
    DcmPixelData& pixels = pixel_data_of(dataset);
    const PixelLayout layout = read_pixel_layout(dataset);
    const auto* syntax = find_transfer_syntax(transfer_syntax);
    if (syntax == nullptr) {
        throw Error(Fault::unsupported, "pixels in transfer syntax {} are not decoded",
                    transfer_syntax);
    }
    Image image;
    image.frames = layout.frames;
    image.pixel_ratio = read_pixel_ratio(dataset);
    const BitClaims claims{short_of(dataset, DCM_PixelPaddingValue, 0), overlay_bits_of(dataset)};
    StoredBits bits = read_stored_bits(
        cells_of(*syntax, layout, dataset, pixels, image.without_end), layout, claims);
    image.frame = std::move(bits.frame);
    image.note = std::move(bits.note);
    image.hidden = read_shutter(dataset, layout.rows, layout.columns, image.pixel_ratio);
    HeaderGrey grey = read_grey_rules(dataset, image.frame);
    image.grey = std::move(grey.rules);
    for (View& view : grey.views) view.for_other_bits = bits.has_other_width;
    choose_view(image, std::move(grey.views));
    return image;
}

Image decode(const std::filesystem::path& file) {
    try {
        DicomFile dicom(file);
        const std::string syntax = dicom.transfer_syntax();
        if (decodes(syntax) && !dicom.pixels_are_whole()) {
            throw Error(Fault::bad_input, "the file ends inside its pixel data");
        }
        return decode(dicom.dataset(), syntax);
    } catch (const std::bad_alloc&) {  // thrown by codecs; a retry may help
        throw Error(Fault::exhausted, "no memory to decode {}", file.string());
    }
}

}  // namespace bucky::inference
