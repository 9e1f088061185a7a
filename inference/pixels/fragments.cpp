// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/fragments.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>

#include "conf/base/error.h"
#include "inference/pixels/end_marker.h"

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

std::size_t little_endian(std::span<const std::uint8_t> bytes) {
    std::size_t value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8U | bytes[i - 1];
    return value;
}

/// Bytes from the item tag of the first fragment to that of frame 2: from the Basic Offset Table
/// (PS3.5 A.4), else from the Extended Offset Table (PS3.3 C.7.6.3.1.8). 0 if neither says it.
std::size_t offset_of_frame_2(DcmDataset& dataset, std::span<const std::uint8_t> table) {
    if (table.size() >= 8) return little_endian(table.subspan(4, 4));
    Uint64 offset = 0;
    dataset.findAndGetUint64(DCM_ExtendedOffsetTable, offset, 1);
    return offset;
}

/// Whether the frame ends with its last two parts: a cut may go through the marker.
bool ends_an_image(const std::vector<std::span<const std::uint8_t>>& parts) {
    const auto last = parts.back();
    if (last.size() >= 3 || parts.size() == 1) return has_end_marker(last);
    std::vector<std::uint8_t> tail(parts[parts.size() - 2].last(1).begin(),
                                   parts[parts.size() - 2].last(1).end());
    tail.insert(tail.end(), last.begin(), last.end());
    return has_end_marker(tail);
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
        frames > 1 && items > 1 ? offset_of_frame_2(dataset, bytes_of(*sequence, 0)) : 0;
    std::size_t offset = 0;
    for (unsigned long item = 1; item < items; ++item) {
        const auto part = bytes_of(*sequence, item);
        if (part.empty() || (frame_2 != 0 && offset >= frame_2)) break;
        if (item > kFragmentsMax) {
            throw Error(Fault::bad_input, "a frame in more than {} fragments", kFragmentsMax);
        }
        frame.parts.push_back(part);
        offset += 8 + part.size();
        if (one_each || (frames > 1 && frame_2 == 0 && ends_an_image(frame.parts))) break;
    }
    if (frame.parts.empty()) {
        throw Error(Fault::bad_input, "the pixel data has no compressed frame");
    }
    return frame;
}

}  // namespace bucky::inference
