// SPDX-License-Identifier: Apache-2.0
// JPEG 2000 frames as devices send them, and incomplete ones.
#include <algorithm>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"
#include "tools/phantom/encapsulate.h"
#include "tools/phantom/jpeg2000.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

/// Inserts the frame in fragments of at most `most` bytes, after an empty offset table.
void put_fragments(DcmDataset& dataset, std::vector<std::uint8_t> frame, std::size_t most) {
    auto* sequence = new DcmPixelSequence(DCM_PixelSequenceTag);
    sequence->insert(new DcmPixelItem(DCM_PixelItemTag));
    for (std::size_t at = 0; at < frame.size(); at += most) {
        auto* item = new DcmPixelItem(DCM_PixelItemTag);
        std::vector<std::uint8_t> piece(most);
        std::copy(frame.begin() + static_cast<std::ptrdiff_t>(at),
                  frame.begin() + static_cast<std::ptrdiff_t>(std::min(at + most, frame.size())),
                  piece.begin());
        item->putUint8Array(piece.data(), static_cast<Uint32>(piece.size()));
        sequence->insert(item);
    }
    auto* pixels = new DcmPixelData(DCM_PixelData);
    pixels->putOriginalRepresentation(EXS_JPEG2000LosslessOnly, nullptr, sequence);
    dataset.insert(pixels, OFTrue);
}

}  // namespace

TEST_CASE("JPEG 2000 is read in every form in which devices send it", "[inference][jpeg2000]") {
    const TempDir dir;
    Recipe recipe;
    recipe.syntax = kJpeg2000Lossless;
    const auto codestream_of = [](const Recipe& of) {
        return phantom::encode_jpeg2000({.rows = of.rows,
                                         .columns = of.columns,
                                         .bits = of.stored,
                                         .is_signed = false,
                                         .values = gradients(of)});
    };
    const auto codestream = codestream_of(recipe);
    SECTION("in a JP2 file, which the standard forbids") {
        recipe.edit = [&](DcmDataset& dataset) {
            const std::string head("\0\0\0\x0CjP  \r\n\x87\n\0\0\0\0jp2c", 20);
            std::vector<std::uint8_t> frame(head.size() + codestream.size());
            std::copy(codestream.begin(), codestream.end(),
                      std::copy(head.begin(), head.end(), frame.begin()));
            phantom::put_compressed_frame(dataset, kJpeg2000Lossless, frame);
        };
    }
    SECTION("cut into fragments") {
        recipe.edit = [&](DcmDataset& dataset) { put_fragments(dataset, codestream, 100); };
    }
    SECTION("unsigned in the stream, signed in the header") {
        recipe.edit = [&](DcmDataset& dataset) {
            phantom::put_compressed_frame(dataset, kJpeg2000Lossless, codestream);
            dataset.putAndInsertUint16(DCM_PixelRepresentation, 1);
        };
    }
    write_dicom(dir / "image.dcm", recipe);
    CHECK(decode(dir / "image.dcm").frame.patterns == gradients(recipe));
}

TEST_CASE("an incomplete JPEG 2000 stream is refused", "[inference][jpeg2000]") {
    const TempDir dir;
    Recipe recipe;
    recipe.rows = recipe.columns = 200;
    recipe.syntax = kJpeg2000Lossless;
    std::vector<std::uint8_t> codestream = phantom::encode_jpeg2000(
        {.rows = 200, .columns = 200, .bits = 12, .is_signed = false, .values = gradients(recipe)});
    std::string words = "cannot be decoded";
    SECTION("cut in the middle") {
        codestream.resize(codestream.size() / 2);
    }
    SECTION("cut after its header") {
        codestream.resize(60);
        words = "a tile is missing";
    }
    SECTION("no codestream at all") {
        codestream.assign(100, 7);
        words = "not a JPEG 2000 stream";
    }
    recipe.edit = [&](DcmDataset& dataset) {
        phantom::put_compressed_frame(dataset, kJpeg2000Lossless, codestream);
    };
    write_dicom(dir / "image.dcm", recipe);
    const Error error = error_of([&] { decode(dir / "image.dcm"); });
    CHECK(error.fault() == Fault::bad_input);
    CHECK_THAT(error.what(), Catch::Contains(words));
}
