// SPDX-License-Identifier: Apache-2.0
// Compressed frames as the standard allows them and as devices send them: cut into fragments in any
// way, with every kind of offset table, without an end marker, and with too few pixels.
#include <algorithm>
#include <filesystem>
#include <numeric>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcvrov.h>
#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "inference/pixels/fragments.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"
#include "tools/phantom/encapsulate.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// Every syntax whose frames end with a marker.
const std::vector<std::string> kMarked{kJpegBaseline,      kJpegExtended,   kJpegLossless14,
                                       kJpegLosslessSv1,   kJpegLsLossless, kJpegLsNear,
                                       kJpeg2000Lossless,  kJpeg2000,       kHtj2kLossless,
                                       kHtj2kRpclLossless, kHtj2k};

Recipe recipe_of(const std::string& syntax, int frame = 0) {
    Recipe recipe;
    recipe.syntax = syntax;
    if (syntax == kJpegBaseline) recipe.allocated = recipe.stored = 8;
    const unsigned top = (1U << recipe.stored) - 1;
    recipe.samples = gradients(recipe);
    for (std::uint16_t& sample : recipe.samples) {
        sample = static_cast<std::uint16_t>((sample + 5U * static_cast<unsigned>(frame)) & top);
    }
    return recipe;
}

/// The compressed frame of this recipe, and its pixels.
struct Encoded {
    Bytes stream;
    std::vector<std::uint16_t> patterns;
};

Encoded encoded(const TempDir& dir, const Recipe& recipe) {
    write_dicom(dir / "plain.dcm", recipe);
    DcmFileFormat format;
    DcmElement* element = nullptr;
    REQUIRE(format.loadFile((dir / "plain.dcm").c_str()).good());
    REQUIRE(format.getDataset()->findAndGetElement(DCM_PixelData, element).good());
    const auto frame = first_frame(*format.getDataset(), dynamic_cast<DcmPixelData&>(*element), 1);
    Encoded made;
    const auto joined = frame.joined(made.stream);
    if (made.stream.empty()) made.stream.assign(joined.begin(), joined.end());
    made.patterns = decode(dir / "plain.dcm").frame.patterns;
    return made;
}

std::vector<Bytes> cut(Bytes stream, std::size_t most) {
    if (stream.size() % 2 != 0) stream.push_back(0);  // PS3.5 A.4
    std::vector<Bytes> parts;
    for (std::size_t at = 0; at < stream.size(); at += most) {
        const auto from = stream.begin() + static_cast<std::ptrdiff_t>(at);
        const auto size = std::min(most, stream.size() - at);
        parts.emplace_back(from, from + static_cast<std::ptrdiff_t>(size));
    }
    return parts;
}

enum class Table { none, basic, extended };

/// Inserts Pixel Data of these frames, each a row of fragments.
void put_frames(DcmDataset& dataset, const std::string& syntax,
                const std::vector<std::vector<Bytes>>& frames, Table table) {
    auto* sequence = new DcmPixelSequence(DCM_PixelSequenceTag);
    auto* offsets = new DcmPixelItem(DCM_PixelItemTag);
    sequence->insert(offsets);
    std::vector<Uint64> begin, length;
    Uint64 at = 0;
    for (const auto& frame : frames) {
        begin.push_back(at);
        length.push_back(0);
        for (const Bytes& part : frame) {
            auto* item = new DcmPixelItem(DCM_PixelItemTag);
            item->putUint8Array(part.data(), static_cast<Uint32>(part.size()));
            sequence->insert(item);
            at += 8 + part.size();
            length.back() += part.size();
        }
    }
    if (table == Table::basic) {
        Bytes bytes;
        for (const Uint64 one : begin) {
            for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<Uint8>(one >> 8 * i));
        }
        offsets->putUint8Array(bytes.data(), static_cast<Uint32>(bytes.size()));
    }
    if (table == Table::extended) {
        const auto put = [&](const DcmTagKey& tag, const std::vector<Uint64>& values) {
            auto* element = new DcmOther64bitVeryLong(tag);
            const auto count = static_cast<unsigned long>(values.size());
            REQUIRE(element->putUint64Array(values.data(), count).good());
            REQUIRE(dataset.insert(element, OFTrue).good());
        };
        put(DCM_ExtendedOffsetTable, begin);
        put(DCM_ExtendedOffsetTableLengths, length);
    }
    auto* pixels = new DcmPixelData(DCM_PixelData);
    pixels->putOriginalRepresentation(phantom::dcmtk_syntax(syntax), nullptr, sequence);
    dataset.insert(pixels, OFTrue);
}

/// The recipe's image with other pixel data.
std::filesystem::path write_frames(const TempDir& dir, Recipe recipe,
                                   const std::vector<std::vector<Bytes>>& frames, Table table) {
    recipe.edit_last = true;
    recipe.edit = [&](DcmDataset& dataset) {
        put_frames(dataset, recipe.syntax, frames, table);
        if (frames.size() == 1) return;
        dataset.putAndInsertString(DCM_NumberOfFrames, std::to_string(frames.size()).c_str());
    };
    write_dicom(dir / "made.dcm", recipe);
    return dir / "made.dcm";
}

Image decoded(const TempDir& dir, const Recipe& recipe, Bytes stream) {
    if (stream.size() % 2 != 0) stream.push_back(0);
    return decode(write_frames(dir, recipe, {{stream}}, Table::none));
}

Bytes without_last(const Bytes& stream, std::size_t bytes) {
    return {stream.begin(), stream.end() - static_cast<std::ptrdiff_t>(bytes)};
}

/// Up to its end marker, without padding.
Bytes unpadded(Bytes stream) {
    while (stream.size() > 2 && (stream.back() != 0xD9 || stream[stream.size() - 2] != 0xFF)) {
        stream.pop_back();
    }
    return stream;
}

}  // namespace

TEST_CASE("a frame is read however it is cut into fragments", "[inference][fragments]") {
    const TempDir dir;
    auto syntaxes = kMarked;
    syntaxes.emplace_back(kRle);  // a fragment a frame (PS3.5 A.4.2), and harmless if it is not
    for (const auto& syntax : syntaxes) {
        const Recipe recipe = recipe_of(syntax);
        const Encoded whole = encoded(dir, recipe);
        for (const std::size_t most : {2U, 10U, 64U, 100U, 500U, 1U << 20U}) {
            for (const Table table : {Table::none, Table::basic, Table::extended}) {
                INFO(syntax << " in pieces of " << most << ", table " << static_cast<int>(table));
                const auto file = write_frames(dir, recipe, {cut(whole.stream, most)}, table);
                CHECK(decode(file).frame.patterns == whole.patterns);
            }
        }
    }
}

TEST_CASE("pieces of different lengths, with empty ones at the end, are one frame",
          "[inference][fragments]") {
    const TempDir dir;
    for (const auto& syntax : kMarked) {
        INFO(syntax);
        const Recipe recipe = recipe_of(syntax);
        const Encoded whole = encoded(dir, recipe);
        auto pieces = cut(whole.stream, 6);  // not even the first marker's segment
        pieces.resize(4);
        const auto rest = Bytes(whole.stream.begin() + 24, whole.stream.end());
        for (auto& piece : cut(rest, 300)) pieces.push_back(std::move(piece));
        pieces.emplace_back();
        const auto file = write_frames(dir, recipe, {pieces}, Table::none);
        CHECK(decode(file).frame.patterns == whole.patterns);
    }
}

TEST_CASE("the first of several frames is read, with every kind of offset table and without one",
          "[inference][fragments]") {
    const TempDir dir;
    for (const auto& syntax : kMarked) {
        const Recipe recipe = recipe_of(syntax);
        const Encoded first = encoded(dir, recipe);
        std::vector<Bytes> streams{first.stream};
        for (const int more : {1, 2}) {
            streams.push_back(encoded(dir, recipe_of(syntax, more)).stream);
        }
        for (const std::size_t most : {64U, 1000U, 1U << 20U}) {
            std::vector<std::vector<Bytes>> frames;
            for (const Bytes& stream : streams) frames.push_back(cut(stream, most));
            for (const Table table : {Table::none, Table::basic, Table::extended}) {
                INFO(syntax << " in pieces of " << most << ", table " << static_cast<int>(table));
                const Image image = decode(write_frames(dir, recipe, frames, table));
                CHECK(image.frames == 3);
                CHECK(image.frame.patterns == first.patterns);
                CHECK_FALSE(image.without_end);
            }
        }
    }
}

TEST_CASE("a cut through the end marker does not join two frames", "[inference][fragments]") {
    const TempDir dir;
    int cuts = 0;
    for (const auto& syntax : kMarked) {
        for (const int variant : {0, 1, 2, 3, 4, 5}) {
            INFO(syntax << " " << variant);
            const Recipe recipe = recipe_of(syntax, variant);
            const Encoded whole = encoded(dir, recipe);
            const Bytes stream = unpadded(whole.stream);
            if (stream.size() % 2 == 0) continue;  // no even cut goes through its marker
            const auto half = stream.end() - 1;
            const std::vector<Bytes> pieces{Bytes(stream.begin(), stream.begin() + 20),
                                            Bytes(stream.begin() + 20, half), Bytes{*half, 0}};
            const Image image = decode(write_frames(dir, recipe, {pieces, pieces}, Table::none));
            CHECK(image.frame.patterns == whole.patterns);
            CHECK_FALSE(image.without_end);
            ++cuts;
        }
    }
    CHECK(cuts > 5);
}

TEST_CASE("a frame that lacks only its end marker is read, and it is said",
          "[inference][end_marker]") {
    const TempDir dir;
    for (const auto& syntax : kMarked) {
        const Recipe recipe = recipe_of(syntax);
        const Encoded whole = encoded(dir, recipe);
        const Bytes stream = unpadded(whole.stream);
        struct Case {
            const char* what;
            Bytes stream;
            bool without_end;
        };
        Bytes padded = stream;
        if (padded.size() % 2 == 1) padded.push_back(0x7E);  // PS3.5 A.4 wants a zero there
        const std::vector<Case> cases{{"whole", stream, false},
                                      {"padded", padded, false},
                                      {"without its marker", without_last(stream, 2), true},
                                      {"with half of it", without_last(stream, 1), true}};
        for (const Case& one : cases) {
            INFO(syntax << " " << one.what);
            const Image image = decoded(dir, recipe, one.stream);
            CHECK(image.frame.patterns == whole.patterns);
            CHECK(image.without_end == one.without_end);
            const auto file = write_frames(dir, recipe, {cut(one.stream, 64)}, Table::none);
            CHECK(decode(file).frame.patterns == whole.patterns);
        }
    }
}

TEST_CASE("a frame that lacks pixels is refused, with an end marker behind it and without",
          "[inference][end_marker]") {
    const TempDir dir;
    for (const auto& syntax : kMarked) {
        const Recipe recipe = recipe_of(syntax);
        const Bytes stream = unpadded(encoded(dir, recipe).stream);
        for (const std::size_t missing : {6U, 8U, 12U, 40U, 150U}) {
            Bytes shorter = without_last(stream, 2 + missing);
            for (const bool marked : {false, true}) {
                INFO(syntax << " without " << missing << " bytes, marked " << marked);
                if (marked) shorter.insert(shorter.end(), {0xFF, 0xD9});
                const Error error = error_of([&] { decoded(dir, recipe, shorter); });
                CHECK(error.fault() == Fault::bad_input);
            }
        }
    }
}

TEST_CASE("bytes between the last pixel and the end marker of a JPEG stream are harmless",
          "[inference][end_marker]") {
    const TempDir dir;
    for (const auto& syntax : {kJpegBaseline, kJpegExtended, kJpegLossless14, kJpegLosslessSv1}) {
        INFO(syntax);
        const Recipe recipe = recipe_of(syntax);
        const Encoded whole = encoded(dir, recipe);
        Bytes longer = without_last(unpadded(whole.stream), 2);
        longer.insert(longer.end(), {0, 0, 0, 0, 0xFF, 0xD9});
        const Image image = decoded(dir, recipe, longer);
        CHECK(image.frame.patterns == whole.patterns);
        CHECK_FALSE(image.without_end);
    }
}

TEST_CASE("the cases of public bug reports are read: fragments, end marker, 8 bits in 16",
          "[inference][cases]") {
    const auto cases = shared_folder() / "cases";
    if (!std::filesystem::is_directory(cases)) return;
    for (const auto* name : {"F23-jpeg-fragments-of-64-bytes.dcm", "F24-jpeg-without-EOI.dcm",
                             "F25-jpegls-8bit-in-16.dcm"}) {
        INFO(name);
        const Image image = decode(cases / name);
        CHECK(image.frame.rows == 512);
        CHECK(image.frame.columns == 420);
        CHECK(image.without_end == (std::string(name).substr(0, 3) == "F24"));
    }
}
