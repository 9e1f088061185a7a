// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "inference/pixels/header.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

Image decoded(const TempDir& dir, const Recipe& recipe) {
    write_dicom(dir / "image.dcm", recipe);
    return decode(dir / "image.dcm");
}

/// Changes the shape that the compressed frame states.
void rewrite_shape(DcmDataset& dataset, Uint16 rows, Uint16 columns) {
    DcmElement* element = nullptr;
    REQUIRE(dataset.findAndGetElement(DCM_PixelData, element).good());
    auto& pixels = dynamic_cast<DcmPixelData&>(*element);
    DcmPixelSequence* sequence = nullptr;
    DcmPixelItem* item = nullptr;
    Uint8* bytes = nullptr;
    REQUIRE(
        pixels.getEncapsulatedRepresentation(dataset.getOriginalXfer(), nullptr, sequence).good());
    REQUIRE(sequence->getItem(item, 1).good());
    REQUIRE(item->getUint8Array(bytes).good());
    const auto put = [&](std::size_t at, Uint16 value) {
        bytes[at] = static_cast<Uint8>(value >> 8U);
        bytes[at + 1] = static_cast<Uint8>(value & 0xFFU);
    };
    for (std::size_t at = 0; at + 20 < item->getLength() && bytes[0] == 0xFF; ++at) {
        if (bytes[at] != 0xFF) continue;
        if (bytes[at + 1] == 0xC3 || bytes[at + 1] == 0xC1) {  // SOF3, SOF1
            put(at + 5, rows);
            put(at + 7, columns);
            return;
        }
        if (bytes[at + 1] == 0x51) {  // SIZ
            put(at + 8, columns);
            put(at + 12, rows);
            return;
        }
    }
}

int largest_difference(const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b) {
    REQUIRE(a.size() == b.size());
    int largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
}

}  // namespace

TEST_CASE("every lossless transfer syntax gives the original stored values", "[inference]") {
    const TempDir dir;
    const auto* syntax = GENERATE(kImplicitLittle, kExplicitLittle, kBigEndian, kDeflated, kRle,
                                  kJpegLossless14, kJpegLosslessSv1, kJpegLsLossless,
                                  kJpeg2000Lossless, kHtj2kLossless, kHtj2kRpclLossless);
    const auto stored =
        GENERATE(std::uint16_t{8}, std::uint16_t{10}, std::uint16_t{12}, std::uint16_t{16});
    Recipe recipe;
    recipe.syntax = syntax;
    recipe.stored = stored;
    recipe.allocated = stored == 8 ? 8 : 16;
    recipe.rows = 41;  // odd, with odd columns: an odd number of bytes
    recipe.columns = 57;
    CAPTURE(syntax, stored);
    const Image image = decoded(dir, recipe);
    CHECK(image.frame.rows == 41);
    CHECK(image.frame.columns == 57);
    CHECK(image.frame.bits_stored == stored);
    CHECK(image.frame.patterns == gradients(recipe));
    CHECK(decodes(syntax));
}

TEST_CASE("eight bits in sixteen allocated decode in every lossless transfer syntax",
          "[inference]") {
    const TempDir dir;
    const auto* syntax = GENERATE(kExplicitLittle, kBigEndian, kRle, kJpegLosslessSv1,
                                  kJpegLsLossless, kJpeg2000Lossless);
    Recipe recipe;
    recipe.syntax = syntax;
    recipe.stored = 8;
    CAPTURE(syntax);
    CHECK(decoded(dir, recipe).frame.patterns == gradients(recipe));
}

TEST_CASE("a compressed stream of 8 bits with Bits Allocated 16 is read by its own precision",
          "[inference]") {
    const TempDir dir;
    Recipe recipe;
    recipe.allocated = recipe.stored = 8;
    recipe.syntax = GENERATE(kJpegBaseline, kJpegExtended, kJpegLossless14, kJpegLosslessSv1,
                             kJpegLsLossless, kJpegLsNear, kJpeg2000Lossless, kJpeg2000,
                             kHtj2kLossless, kHtj2kRpclLossless, kHtj2k, kRle);
    CAPTURE(recipe.syntax);
    write_dicom(dir / "image.dcm", recipe);
    std::string bytes = bytes_of(dir / "image.dcm");
    const std::string eight("\x28\x00\x00\x01US\x02\x00\x08\x00", 10);
    const auto at = bytes.find(eight);
    REQUIRE(at != std::string::npos);
    bytes[at + 8] = 16;
    write_bytes(dir / "image.dcm", bytes);
    if (recipe.syntax != kRle) {
        const auto patterns = decode(dir / "image.dcm").frame.patterns;
        CHECK(largest_difference(patterns, gradients(recipe)) <= 12);
    } else {  // a contradiction that no known device sends: never half an image
        CHECK(error_of([&] { decode(dir / "image.dcm"); }).fault() == Fault::bad_input);
    }
}

TEST_CASE("lossy transfer syntaxes stay close to the stored values", "[inference]") {
    const TempDir dir;
    Recipe recipe;
    int allowed = 2;  // JPEG-LS, NEAR = 2
    SECTION("JPEG baseline") {
        recipe.syntax = kJpegBaseline;
        recipe.allocated = recipe.stored = 8;
        allowed = 12;
    }
    SECTION("JPEG extended") {
        recipe.syntax = kJpegExtended;
        allowed = 160;
    }
    SECTION("JPEG-LS near-lossless") {
        recipe.syntax = kJpegLsNear;
    }
    SECTION("JPEG 2000 at 50 dB") {
        recipe.syntax = kJpeg2000;
        allowed = 100;
    }
    const Image image = decoded(dir, recipe);
    CHECK(largest_difference(image.frame.patterns, gradients(recipe)) <= allowed);
}

TEST_CASE("signed values keep their sign", "[inference]") {
    const TempDir dir;
    Recipe recipe;
    recipe.is_signed = true;
    recipe.samples.assign(std::size_t{recipe.rows} * recipe.columns, 0);
    recipe.samples[0] = 0x0FFF;  // -1 in 12 bits
    recipe.samples[1] = 0x0800;  // the smallest
    recipe.samples[2] = 0x07FF;  // the largest
    recipe.samples[3] = 0xFFFF;  // -1, sign-extended into the unused bits
    recipe.syntax = GENERATE(kExplicitLittle, kBigEndian, kJpeg2000Lossless);
    const Frame frame = decoded(dir, recipe).frame;
    CHECK(frame.value(frame.patterns[0]) == -1);
    CHECK(frame.value(frame.patterns[1]) == -2048);
    CHECK(frame.value(frame.patterns[2]) == 2047);
    CHECK(frame.value(frame.patterns[3]) == -1);
}

TEST_CASE("overlays in unused bits are dropped and High Bit is applied", "[inference]") {
    const TempDir dir;
    Recipe recipe;
    recipe.stored = 10;
    const auto wanted = gradients(recipe);
    recipe.samples = wanted;
    SECTION("an overlay above the stored bits") {
        for (auto& sample : recipe.samples) sample = static_cast<std::uint16_t>(sample | 0x8000U);
    }
    SECTION("stored bits at the top, an overlay below") {
        recipe.high_bit = 15;
        for (auto& sample : recipe.samples) {
            sample = static_cast<std::uint16_t>((sample << 6U) | 0x1U);
        }
    }
    CHECK(decoded(dir, recipe).frame.patterns == wanted);
}

TEST_CASE("the first frame of several is decoded", "[inference]") {
    const TempDir dir;
    Recipe recipe;
    recipe.frames = 3;
    recipe.syntax = GENERATE(kExplicitLittle, kRle, kJpegLosslessSv1, kJpegLsLossless);
    const Image image = decoded(dir, recipe);
    auto wanted = gradients(recipe);
    wanted.resize(std::size_t{recipe.rows} * recipe.columns);
    CHECK(image.frames == 3);
    CHECK(image.frame.patterns == wanted);
}

TEST_CASE("an absurd or empty image is refused with a message", "[inference]") {
    const TempDir dir;
    Recipe recipe;
    Fault fault = Fault::bad_input;
    std::string words;
    const auto put = [](const DcmTagKey& tag, Uint16 value) {
        return [=](DcmDataset& dataset) { dataset.putAndInsertUint16(tag, value); };
    };
    SECTION("0 x 0") {
        recipe.edit = put(DCM_Rows, 0);
        words = "56 x 0 pixels";
    }
    SECTION("60000 x 60000") {
        recipe.edit = [](DcmDataset& dataset) {
            dataset.putAndInsertUint16(DCM_Rows, 60000);
            dataset.putAndInsertUint16(DCM_Columns, 60000);
        };
        fault = Fault::unsupported;
        words = "60000 x 60000 pixels";
    }
    SECTION("10000 x 56, with pixels for 40 rows") {
        recipe.edit = put(DCM_Rows, 10000);
        words = "need 1120000 bytes, the pixel data has 4480";
    }
    SECTION("no pixel data") {
        recipe.edit = [](DcmDataset& dataset) { delete dataset.remove(DCM_PixelData); };
        words = "no Pixel Data";
    }
    SECTION("no rows") {
        recipe.edit = [](DcmDataset& dataset) { delete dataset.remove(DCM_Rows); };
        words = "no Rows";
    }
    SECTION("more bits stored than allocated") {
        recipe.edit = put(DCM_BitsStored, 17);
        words = "17 bits stored";
    }
    SECTION("32 bits") {
        recipe.edit = put(DCM_BitsAllocated, 32);
        fault = Fault::unsupported;
        words = "32 bits allocated";
    }
    SECTION("colour") {
        recipe.photometric = "RGB";
        fault = Fault::unsupported;
        words = "\"RGB\"";
    }
    SECTION("rescale slope 0") {
        recipe.edit = [](DcmDataset& dataset) {
            dataset.putAndInsertString(DCM_RescaleSlope, "0");
        };
        words = "Rescale Slope is 0";
    }
    SECTION("rescale slope of letters") {
        recipe.edit = [](DcmDataset& dataset) {
            dataset.putAndInsertString(DCM_RescaleSlope, "one");
        };
        words = "RescaleSlope is not a number";
    }
    write_dicom(dir / "image.dcm", recipe);
    const Error error = error_of([&] { decode(dir / "image.dcm"); });
    CHECK(error.fault() == fault);
    CHECK_THAT(error.what(), Catch::Contains(words));
}

TEST_CASE("a compressed stream that contradicts the header is refused before its codec runs",
          "[inference]") {
    const TempDir dir;
    Recipe recipe;
    recipe.syntax = GENERATE(kJpegLosslessSv1, kJpegLsLossless, kJpeg2000Lossless);
    write_dicom(dir / "image.dcm", recipe);
    std::string bytes = bytes_of(dir / "image.dcm");
    const bool jpeg_2000 = recipe.syntax == kJpeg2000Lossless;
    const std::string marker = jpeg_2000                          ? "\xFF\x51"
                               : recipe.syntax == kJpegLsLossless ? "\xFF\xF7"
                                                                  : "\xFF\xC3";
    const auto at = bytes.find(marker);
    REQUIRE(at != std::string::npos);
    bytes[at + (jpeg_2000 ? 12 : 5)] = '\xFF';  // rows, the second lowest byte
    write_bytes(dir / "image.dcm", bytes);
    const Error error = error_of([&] { decode(dir / "image.dcm"); });
    CHECK(error.fault() == Fault::bad_input);
    CHECK_THAT(error.what(), Catch::Contains("the compressed stream 56 x 65"));
}

TEST_CASE("a file that ends early is refused, and its header can still be read", "[inference]") {
    const TempDir dir;
    Recipe recipe;
    recipe.rows = recipe.columns = 300;
    recipe.syntax = GENERATE(kExplicitLittle, kImplicitLittle, kBigEndian, kRle, kJpegLosslessSv1,
                             kJpegLsLossless, kJpeg2000Lossless);
    CAPTURE(recipe.syntax);
    write_dicom(dir / "image.dcm", recipe);
    const std::string bytes = bytes_of(dir / "image.dcm");
    write_bytes(dir / "image.dcm", bytes.substr(0, bytes.size() * 2 / 3));
    const Error error = error_of([&] { decode(dir / "image.dcm"); });
    CHECK(error.fault() == Fault::bad_input);
    CHECK(read_header(dir / "image.dcm").rows == 300);
    CHECK(read_header(dir / "image.dcm").has_pixels);
}

TEST_CASE("more pixels than the compressed bytes can hold are refused before memory is allocated",
          "[inference][hostile]") {
    const TempDir dir;
    Recipe recipe;
    recipe.syntax = GENERATE(kRle, kJpegLosslessSv1, kJpegExtended, kJpeg2000Lossless);
    CAPTURE(recipe.syntax);
    write_dicom(dir / "image.dcm", recipe);
    DcmFileFormat format;
    REQUIRE(format.loadFile(OFFilename((dir / "image.dcm").c_str())).good());
    DcmDataset& dataset = *format.getDataset();
    constexpr Uint16 kSide = 9000;
    dataset.putAndInsertUint16(DCM_Rows, kSide);
    dataset.putAndInsertUint16(DCM_Columns, kSide);
    rewrite_shape(dataset, kSide, kSide);
    const Error error = error_of([&] { decode(dataset, recipe.syntax); });
    CHECK(error.fault() == Fault::bad_input);
    CHECK_THAT(error.what(), Catch::Contains("cannot come out of"));
}

TEST_CASE("a transfer syntax unknown to DCMTK is named, not guessed", "[inference]") {
    const TempDir dir;
    write_dicom(dir / "image.dcm", Recipe{});
    std::string bytes = bytes_of(dir / "image.dcm");
    const std::string younger = GENERATE("1.2.840.10008.1.2.4.112", "1.2.840.10008.1.2.4.110");
    const auto at = bytes.find(std::string(kExplicitLittle) + '\0');
    REQUIRE(at != std::string::npos);
    bytes.replace(at, 20, younger + '\0');
    bytes[at - 2] = 24;
    bytes[140] = static_cast<char>(bytes[140] + 4);  // File Meta Information Group Length
    write_bytes(dir / "image.dcm", bytes);
    CHECK_FALSE(decodes(younger));
    CHECK(read_header(dir / "image.dcm").transfer_syntax == younger);
    const Error error = error_of([&] { decode(dir / "image.dcm"); });
    CHECK(error.fault() == Fault::unsupported);
    CHECK_THAT(error.what(), Catch::Contains(younger));
}

TEST_CASE("a transfer syntax that is not decoded is unsupported", "[inference]") {
    const TempDir dir;
    write_dicom(dir / "image.dcm", Recipe{});
    std::string bytes = bytes_of(dir / "image.dcm");
    const std::string mpeg2 = "1.2.840.10008.1.2.4.100";
    const auto at = bytes.find(std::string(kExplicitLittle) + '\0');
    REQUIRE(at != std::string::npos);
    bytes.replace(at, 20, mpeg2 + '\0');
    bytes[at - 2] = 24;
    bytes[140] = static_cast<char>(bytes[140] + 4);  // File Meta Information Group Length
    write_bytes(dir / "image.dcm", bytes);
    CHECK_FALSE(decodes(mpeg2));
    CHECK(error_of([&] { decode(dir / "image.dcm"); }).fault() == Fault::unsupported);
}

TEST_CASE("damaged compressed pixels end in an image or an Error, never in a crash",
          "[inference][hostile]") {
    const TempDir dir;
    Recipe recipe;
    recipe.syntax = GENERATE(kRle, kJpegExtended, kJpegLosslessSv1, kJpegLsLossless, kDeflated,
                             kJpeg2000Lossless);
    CAPTURE(recipe.syntax);
    write_dicom(dir / "image.dcm", recipe);
    const std::string whole = bytes_of(dir / "image.dcm");
    int images = 0;
    int errors = 0;
    for (std::size_t i = 0; i < 300; ++i) {
        std::string bytes = whole;
        const std::size_t at = 400 + i * 7919 % (bytes.size() - 400);
        bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1U << (i % 8)));
        if (i % 5 == 0) bytes[(at + 1) % bytes.size()] = '\xFF';
        write_bytes(dir / "damaged.dcm", bytes);
        try {
            const Image image = decode(dir / "damaged.dcm");
            CHECK(image.frame.patterns.size() ==
                  std::size_t{image.frame.rows} * image.frame.columns);
            ++images;
        } catch (const Error& error) {  // the expected alternative to an image
            CHECK(std::string(error.what()).size() > 10);
            ++errors;
        }
    }
    CHECK(images + errors == 300);
}
