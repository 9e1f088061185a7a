// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/part10.h"

#include <algorithm>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcfilefo.h"
#include "dcmtk/dcmdata/dcistrmb.h"
#include "dcmtk/dcmdata/dcmetinf.h"
#include "dcmtk/dcmdata/dcostrmb.h"
#include "dcmtk/dcmdata/dcpixel.h"
#include "dcmtk/dcmdata/dcpixseq.h"
#include "dcmtk/dcmdata/dcpxitem.h"
#include "dcmtk/dcmdata/dcxfer.h"

#include "conf/base/error.h"
#include "dicom_sr/common/rle.h"

namespace bucky::dicom_sr {
namespace {

constexpr std::size_t kHeaderRoom = 4096;  // preamble and meta header need about 400

std::size_t number_of(DcmItem& dataset, const DcmTagKey& tag) {
    Uint16 number = 0;
    (void)dataset.findAndGetUint16(tag, number);
    return number;
}

/// Pixel Data of one compressed frame.
std::unique_ptr<DcmPixelData> pixel_data_of(std::vector<std::uint8_t> frame) {
    auto fragments = std::make_unique<DcmPixelSequence>(DcmTag(DCM_PixelData, EVR_OB));
    DcmOffsetList offsets;
    if (fragments->insert(new DcmPixelItem(DcmTag(DCM_Item, EVR_OB))).bad() ||  // no offset table
        fragments->storeCompressedFrame(offsets, frame.data(), static_cast<Uint32>(frame.size()), 0)
            .bad()) {
        throw Error(Fault::bug, "a frame of {} bytes was not taken", frame.size());
    }
    auto pixels = std::make_unique<DcmPixelData>(DCM_PixelData);
    pixels->putOriginalRepresentation(EXS_RLELossless, nullptr, fragments.release());
    return pixels;
}

}  // namespace

std::vector<std::uint8_t> to_part10(std::unique_ptr<DcmDataset> dataset,
                                    std::span<const std::uint8_t> pixels) {
    auto data = pixel_data_of(rle_frame(pixels, number_of(*dataset, DCM_Columns),
                                        number_of(*dataset, DCM_SamplesPerPixel)));
    if (dataset->insert(data.get(), OFTrue).bad()) {
        throw Error(Fault::bug, "a picture of {} bytes was not taken", pixels.size());
    }
    (void)data.release();  // the dataset's
    if (dataset->chooseRepresentation(EXS_RLELossless, nullptr).bad()) {
        throw Error(Fault::bug, "a picture of {} bytes is not compressed", pixels.size());
    }
    return to_part10(std::move(dataset));
}

std::size_t rle_pixel_bytes(DcmDataset& dataset) {
    DcmElement* element = nullptr;
    (void)dataset.findAndGetElement(DCM_PixelData, element);
    auto* pixels = dynamic_cast<DcmPixelData*>(element);
    DcmPixelSequence* fragments = nullptr;
    DcmPixelItem* frame = nullptr;
    Uint8* bytes = nullptr;
    if (pixels == nullptr ||
        pixels->getEncapsulatedRepresentation(EXS_RLELossless, nullptr, fragments).bad() ||
        fragments->card() != 2 ||  // the offset table, and the one frame
        fragments->getItem(frame, 1).bad() || frame->getUint8Array(bytes).bad()) {
        return 0;
    }
    const std::span<const std::uint8_t> data(bytes, frame->getLength());
    const auto number_at = [&](std::size_t at) {  // UL, little endian
        std::size_t number = 0;
        for (std::size_t i = 0; i < 4 && at + i < data.size(); ++i) {
            number |= std::size_t{data[at + i]} << 8 * i;
        }
        return number;
    };
    constexpr std::size_t kSegmentsMax = 15;
    const std::size_t segments = std::min(number_at(0), kSegmentsMax);
    std::size_t counted = 0;
    for (std::size_t i = 1; i <= segments; ++i) {
        const std::size_t end = i < segments ? number_at(4 * (i + 1)) : data.size();
        for (std::size_t at = number_at(4 * i); at + 1 < std::min(end, data.size());) {
            const std::uint8_t control = data[at];
            const bool is_run = control > 128;
            if (control != 128) counted += is_run ? 257U - control : control + 1U;
            at += control == 128 ? 1 : is_run ? 2 : control + 2U;
        }
    }
    return counted;
}

std::vector<std::uint8_t> to_part10(std::unique_ptr<DcmDataset> dataset) {
    DcmFileFormat file(dataset.release(), OFFalse);
    const E_TransferSyntax now = file.getDataset()->getCurrentXfer();
    const E_TransferSyntax syntax = DcmXfer(now).isEncapsulated() ? now : EXS_LittleEndianExplicit;
    std::vector<std::uint8_t> bytes(
        kHeaderRoom + file.getDataset()->calcElementLength(syntax, EET_UndefinedLength));
    DcmOutputBufferStream out(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    file.transferInit();
    const OFCondition made = file.write(out, syntax, EET_UndefinedLength, nullptr, EGL_recalcGL,
                                        EPD_noChange, 0, 0, 0, EWM_createNewMeta);
    file.transferEnd();
    if (made.bad()) throw Error(Fault::bug, "a result cannot be written: {}", made.text());
    void* flushed = nullptr;
    offile_off_t length = 0;
    out.flushBuffer(flushed, length);
    bytes.resize(static_cast<std::size_t>(length));
    return bytes;
}

std::unique_ptr<DcmFileFormat> from_part10(std::span<const std::uint8_t> bytes) {
    auto file = std::make_unique<DcmFileFormat>();
    DcmInputBufferStream in;
    in.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    in.setEos();
    file->transferInit();
    const OFCondition made = file->read(in, EXS_Unknown, EGL_noChange);
    file->transferEnd();
    if (made.bad()) throw Error(Fault::bad_input, "not a Part 10 file: {}", made.text());
    return file;
}

}  // namespace bucky::dicom_sr
