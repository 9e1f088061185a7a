// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/one_frame.h"

#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>

#include "conf/base/error.h"

namespace bucky::inference {
namespace {

void must(const OFCondition& made) {
    if (made.bad()) throw Error(Fault::bug, "a frame was not taken: {}", made.text());
}

std::unique_ptr<DcmPixelSequence> sequence_of(std::span<const std::uint8_t> frame) {
    auto sequence = std::make_unique<DcmPixelSequence>(DCM_PixelSequenceTag);
    must(sequence->insert(new DcmPixelItem(DCM_PixelItemTag)));  // an empty offset table
    DcmOffsetList offsets;
    auto* bytes = const_cast<Uint8*>(frame.data());  // only read
    must(sequence->storeCompressedFrame(offsets, bytes, static_cast<Uint32>(frame.size()), 0));
    return sequence;
}

}  // namespace

OneFrame::OneFrame(const PixelLayout& layout, unsigned allocated, std::string_view transfer_syntax,
                   std::span<const std::uint8_t> frame)
    : dataset_(std::make_unique<DcmDataset>()) {
    const auto put = [&](const DcmTagKey& tag, std::uint32_t value) {
        must(dataset_->putAndInsertUint16(tag, static_cast<Uint16>(value)));
    };
    must(dataset_->putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2"));
    put(DCM_SamplesPerPixel, 1);
    put(DCM_Rows, layout.rows);
    put(DCM_Columns, layout.columns);
    put(DCM_BitsAllocated, allocated);
    put(DCM_BitsStored, allocated);
    put(DCM_HighBit, allocated - 1);
    put(DCM_PixelRepresentation, 0);
    const auto syntax = DcmXfer(std::string(transfer_syntax).c_str()).getXfer();
    auto pixels = std::make_unique<DcmPixelData>(DCM_PixelData);
    pixels->putOriginalRepresentation(syntax, nullptr, sequence_of(frame).release());
    must(dataset_->insert(pixels.get(), OFTrue));
    pixels_ = pixels.release();
}

OneFrame::~OneFrame() = default;

}  // namespace bucky::inference
