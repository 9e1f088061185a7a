// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/part10.h"

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

}  // namespace

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
