// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/fragments.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>

#include "conf/base/error.h"

namespace bucky::inference {
namespace {

std::span<const std::uint8_t> bytes_of(DcmPixelSequence& sequence, unsigned long item) {
    DcmPixelItem* fragment = nullptr;
    Uint8* bytes = nullptr;
    if (sequence.getItem(fragment, item).bad() || fragment->getLength() == 0 ||
        fragment->getUint8Array(bytes).bad() || bytes == nullptr) {
        return {};
    }
    return {bytes, fragment->getLength()};
}

DcmPixelSequence* sequence_of(DcmDataset& dataset, DcmPixelData& pixels) {
    E_TransferSyntax syntax = dataset.getOriginalXfer();
    const DcmRepresentationParameter* parameter = nullptr;
    pixels.getOriginalRepresentationKey(syntax, parameter);
    DcmPixelSequence* sequence = nullptr;
    (void)pixels.getEncapsulatedRepresentation(syntax, parameter, sequence);
    return sequence;
}

/// Bytes from the item tag of the first fragment to that of frame 2; 0 if the table does not say.
std::size_t offset_of_frame_2(std::span<const std::uint8_t> table) {
    if (table.size() < 8) return 0;
    std::size_t offset = 0;
    for (unsigned i = 4; i > 0; --i) offset = offset << 8U | table[4 + i - 1];
    return offset;
}

/// JPEG, JPEG-LS and JPEG 2000 all end with FF D9; one padding byte may follow.
bool ends_an_image(std::span<const std::uint8_t> part) {
    const auto marked = [&](std::size_t from_end) {
        return part.size() >= from_end && part[part.size() - from_end] == 0xFF &&
               part[part.size() - from_end + 1] == 0xD9;
    };
    return marked(2) || (marked(3) && part.back() == 0);
}

}  // namespace

std::size_t Fragments::bytes() const {
    std::size_t sum = 0;
    for (const auto part : parts) sum += part.size();
    return sum;
}

std::span<const std::uint8_t> Fragments::joined(std::vector<std::uint8_t>& room) const {
    if (parts.size() == 1) return parts.front();
    room.reserve(bytes());
    for (const auto part : parts) room.insert(room.end(), part.begin(), part.end());
    return room;
}

Fragments first_frame(DcmDataset& dataset, DcmPixelData& pixels, std::uint32_t frames) {
    DcmPixelSequence* sequence = sequence_of(dataset, pixels);
    const unsigned long items = sequence == nullptr ? 0 : sequence->card();  // item 0 is the table
    Fragments frame;
    const bool one_each = frames > 1 && items == std::uint64_t{frames} + 1;
    const std::size_t frame_2 =
        frames > 1 && items > 1 ? offset_of_frame_2(bytes_of(*sequence, 0)) : 0;
    std::size_t offset = 0;
    for (unsigned long item = 1; item < items; ++item) {
        const auto part = bytes_of(*sequence, item);
        if (part.empty() || (frame_2 != 0 && offset >= frame_2)) break;
        if (item > kFragmentsMax) {
            throw Error(Fault::bad_input, "a frame in more than {} fragments", kFragmentsMax);
        }
        frame.parts.push_back(part);
        offset += 8 + part.size();
        if (one_each || (frames > 1 && frame_2 == 0 && ends_an_image(part))) break;
    }
    if (frame.parts.empty()) {
        throw Error(Fault::bad_input, "the pixel data has no compressed frame");
    }
    return frame;
}

}  // namespace bucky::inference
