// SPDX-License-Identifier: Apache-2.0
// RLE Lossless as it is written, judged by DCMTK's decoder.
#include "dicom_sr/common/rle.h"

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcfilefo.h"
#include "dcmtk/dcmdata/dcrledrg.h"
#include "dcmtk/dcmdata/dcuid.h"

#include "conf/base/error.h"
#include "dicom_sr/common/part10.h"
#include "tests/support/exhibits.h"

using namespace bucky;
using namespace bucky::dicom_sr;
using namespace bucky::test;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// What DCMTK reads out of a Part 10 file with these pixels.
Bytes by_dcmtk(const Bytes& pixels, unsigned rows, unsigned columns, unsigned samples) {
    const NotForJudges nobodys_picture;
    DcmRLEDecoderRegistration::registerCodecs();
    auto dataset = std::make_unique<DcmDataset>();
    const auto put = [&](const DcmTagKey& tag, unsigned number) {
        REQUIRE(dataset->putAndInsertUint16(tag, static_cast<Uint16>(number)).good());
    };
    REQUIRE(dataset->putAndInsertString(DCM_SOPClassUID, UID_SecondaryCaptureImageStorage).good());
    REQUIRE(dataset->putAndInsertString(DCM_SOPInstanceUID, "2.25.1").good());
    REQUIRE(dataset
                ->putAndInsertString(DCM_PhotometricInterpretation,
                                     samples == 3 ? "RGB" : "MONOCHROME2")
                .good());
    put(DCM_SamplesPerPixel, samples);
    if (samples == 3) put(DCM_PlanarConfiguration, 0);
    put(DCM_Rows, rows);
    put(DCM_Columns, columns);
    put(DCM_BitsAllocated, 8);
    put(DCM_BitsStored, 8);
    put(DCM_HighBit, 7);
    put(DCM_PixelRepresentation, 0);
    const auto file = from_part10(to_part10(std::move(dataset), pixels));
    DcmDataset& read = *file->getDataset();
    CHECK(read.getOriginalXfer() == EXS_RLELossless);
    CHECK(rle_pixel_bytes(read) == pixels.size());
    REQUIRE(read.chooseRepresentation(EXS_LittleEndianExplicit, nullptr).good());
    const Uint8* bytes = nullptr;
    unsigned long count = 0;
    REQUIRE(read.findAndGetUint8Array(DCM_PixelData, bytes, &count).good());
    REQUIRE(count >= pixels.size());
    return {bytes, bytes + pixels.size()};
}

/// Rows of runs of every length around the limits, noise between them.
Bytes runs_and_noise(std::size_t count, unsigned seed) {
    std::mt19937 random{seed};
    const std::size_t lengths[] = {1, 1, 1, 2, 3, 4, 7, 8, 9, 127, 128, 129, 130, 256, 257};
    Bytes bytes;
    while (bytes.size() < count) {
        bytes.insert(bytes.end(), lengths[random() % std::size(lengths)],
                     static_cast<std::uint8_t>(random()));
    }
    bytes.resize(count);
    return bytes;
}

}  // namespace

TEST_CASE("pixels come back out of RLE as they went in", "[dicom_sr][rle]") {
    for (const unsigned columns : {1U, 2U, 3U, 9U, 10U, 11U, 127U, 128U, 129U, 131U, 300U}) {
        for (const unsigned samples : {1U, 3U}) {
            const auto pixels = runs_and_noise(std::size_t{7} * columns * samples, columns);
            CAPTURE(columns, samples);
            CHECK(by_dcmtk(pixels, 7, columns, samples) == pixels);
        }
    }
}

TEST_CASE("a picture without two equal bytes grows by a byte in 128 and no more",
          "[dicom_sr][rle]") {
    Bytes pixels(256 * 16);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i);
    CHECK(rle_frame(pixels, 256, 1).size() == 64 + pixels.size() + pixels.size() / 128);
    CHECK(by_dcmtk(pixels, 16, 256, 1) == pixels);
}

TEST_CASE("every row is packed by itself", "[dicom_sr][rle]") {
    const Bytes black(4 * 100);
    const auto frame = rle_frame(black, 100, 1);
    REQUIRE(frame.size() == 64 + 4 * 2);  // not one run of 128 over the end of a row
    for (std::size_t row = 0; row < 4; ++row) CHECK(frame[64 + 2 * row] == 257 - 100);
}

TEST_CASE("what is no whole number of rows is refused", "[dicom_sr][rle]") {
    CHECK_THROWS_AS(rle_frame({}, 10, 1), Error);
    CHECK_THROWS_AS(rle_frame(Bytes(15), 10, 1), Error);
    CHECK_THROWS_AS(rle_frame(Bytes(10), 0, 1), Error);
    CHECK_THROWS_AS(rle_frame(Bytes(160), 10, 16), Error);
}
