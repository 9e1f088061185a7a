// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/part10.h"

#include <algorithm>
#include <array>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcfilefo.h"
#include "dcmtk/dcmdata/dcistrmb.h"
#include "dcmtk/dcmdata/dcmetinf.h"
#include "dcmtk/dcmdata/dcostrmb.h"

#include "conf/base/error.h"

namespace bucky::dicom_sr {
namespace {

constexpr E_TransferSyntax kSyntax = EXS_LittleEndianExplicit;
constexpr std::size_t kHeaderRoom = 4096;  // preamble and meta header need about 400

/// (7FE0,0010) OB, two reserved bytes, then the length (PS3.5 7.1.2).
constexpr std::array<std::uint8_t, 8> kPixelData{0xE0, 0x7F, 0x10, 0x00, 'O', 'B', 0x00, 0x00};
constexpr std::size_t kPixelHeader = kPixelData.size() + 4;

}  // namespace

std::vector<std::uint8_t> to_part10(std::unique_ptr<DcmDataset> dataset,
                                    std::span<const std::uint8_t> pixels) {
    std::vector<std::uint8_t> head = to_part10(std::move(dataset));
    const std::size_t length = (pixels.size() + 1) / 2 * 2;  // PS3.5 7.1.1
    std::vector<std::uint8_t> bytes;
    bytes.reserve(head.size() + kPixelHeader + length);
    bytes.assign(head.begin(), head.end());
    bytes.insert(bytes.end(), kPixelData.begin(), kPixelData.end());
    for (unsigned shift = 0; shift < 32; shift += 8) {
        bytes.push_back(static_cast<std::uint8_t>(length >> shift));
    }
    bytes.insert(bytes.end(), pixels.begin(), pixels.end());
    if (pixels.size() < length) bytes.push_back(0);
    return bytes;
}

Parts split_at_pixels(std::span<const std::uint8_t> bytes) {
    // Whatever else holds these eight bytes: only a length that ends with the file makes them it.
    const auto header = std::ranges::search(bytes, kPixelData);
    const auto at = static_cast<std::size_t>(header.begin() - bytes.begin());
    if (header.empty() || bytes.size() < at + kPixelHeader) return {bytes, 0};
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        length |= std::size_t{bytes[at + kPixelData.size() + i]} << 8 * i;
    }
    if (at + kPixelHeader + length != bytes.size()) return {bytes, 0};
    return {bytes.first(at), length};
}

std::vector<std::uint8_t> to_part10(std::unique_ptr<DcmDataset> dataset) {
    DcmFileFormat file(dataset.release(), OFFalse);
    std::vector<std::uint8_t> bytes(
        kHeaderRoom + file.getDataset()->calcElementLength(kSyntax, EET_UndefinedLength));
    DcmOutputBufferStream out(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    file.transferInit();
    const OFCondition made = file.write(out, kSyntax, EET_UndefinedLength, nullptr, EGL_recalcGL,
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
