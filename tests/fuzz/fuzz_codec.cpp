// SPDX-License-Identifier: Apache-2.0
// libFuzzer: a stranger's compressed frame, through decode() to the codec. The header around it
// agrees with what the stream says of itself, as a careful attacker's would.
//
// First byte: bit 0 eight bits allocated, bit 1 signed, bits 4 to 7 which transfer syntax of the
// codec. RLE streams say nothing of their shape: two more bytes have rows and columns.
#include <array>
#include <memory>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dctk.h>

#include "inference/pixels/decode.h"
#include "inference/pixels/jpeg2000_stream.h"
#include "inference/pixels/jpeg_stream.h"
#include "tests/fuzz/target.h"
#include "tools/phantom/encapsulate.h"

namespace bucky::fuzz {
namespace {

constexpr std::uint32_t kSideMax = 256;  // larger ones are slower, not other

#if defined(BUCKY_FUZZ_RLE)
constexpr std::array kSyntaxes{"1.2.840.10008.1.2.5"};
#elif defined(BUCKY_FUZZ_JPEG)
constexpr std::array kSyntaxes{"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51",
                               "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"};
#elif defined(BUCKY_FUZZ_JPEG_LS)
constexpr std::array kSyntaxes{"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"};
#elif defined(BUCKY_FUZZ_JPEG_2000)
constexpr std::array kSyntaxes{"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"};
#elif defined(BUCKY_FUZZ_HTJ2K)
constexpr std::array kSyntaxes{"1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202",
                               "1.2.840.10008.1.2.4.203"};
#endif

struct Shape {
    std::uint32_t rows = 0, columns = 0, precision = 0;
};

Shape shape_of(std::span<const std::uint8_t>& frame) {
    if (const auto jpeg = inference::jpeg_shape(frame)) {
        return {jpeg->rows, jpeg->columns, jpeg->precision};
    }
    const auto codestream = inference::codestream_in(frame);
    if (const auto picture = codestream ? inference::jpeg2000_shape(*codestream) : std::nullopt) {
        return {picture->rows, picture->columns, picture->precision};
    }
    if (frame.size() < 2) return {};
    const Shape shape{frame[0] + 1U, frame[1] + 1U, 16};
    frame = frame.subspan(2);
    return shape;
}

}  // namespace

void try_input(std::span<const std::uint8_t> input) {
    if (input.size() < 4) return;
    const unsigned options = input[0];
    auto frame = input.subspan(1);
    const Shape shape = shape_of(frame);
    if (shape.rows > kSideMax || shape.columns > kSideMax || frame.empty()) return;
    const char* syntax = kSyntaxes[(options >> 4U) % kSyntaxes.size()];
    const unsigned allocated = (options & 1U) != 0 ? 8 : 16;

    DcmDataset dataset;
    const auto put = [&](const DcmTagKey& tag, unsigned value) {
        dataset.putAndInsertUint16(tag, static_cast<Uint16>(value));
    };
    dataset.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2");
    put(DCM_SamplesPerPixel, 1);
    put(DCM_Rows, shape.rows);
    put(DCM_Columns, shape.columns);
    put(DCM_BitsAllocated, allocated);
    put(DCM_BitsStored, std::min(std::max(shape.precision, 1U), allocated));
    put(DCM_PixelRepresentation, (options >> 1U) & 1U);
    phantom::put_compressed_frame(dataset, syntax, {frame.begin(), frame.end()});
    (void)inference::decode(dataset, syntax);
}

}  // namespace bucky::fuzz
