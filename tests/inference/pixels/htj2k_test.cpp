// SPDX-License-Identifier: Apache-2.0
// High-Throughput JPEG 2000, encoded by OpenJPH and decoded by OpenJPEG. OpenJPH's decoder is the
// judge.
#include <algorithm>
#include <cmath>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <openjph/ojph_arch.h>
#include <openjph/ojph_base.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_params.h>
#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "inference/pixels/header.h"
#include "inference/pixels/jpeg2000.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"
#include "tools/phantom/encapsulate.h"
#include "tools/phantom/htj2k.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

using Bytes = std::vector<std::uint8_t>;

phantom::Jpeg2000Picture picture_of(const Recipe& recipe, double quality_db = 0) {
    phantom::Jpeg2000Picture picture;
    picture.rows = recipe.rows;
    picture.columns = recipe.columns;
    picture.bits = recipe.stored;
    picture.is_signed = recipe.is_signed;
    picture.values = gradients(recipe);
    picture.quality_db = quality_db;
    return picture;
}

std::vector<std::uint16_t> by_openjph(const Bytes& codestream) {
    ojph::mem_infile in;
    in.open(codestream.data(), codestream.size());
    ojph::codestream decoder;
    decoder.read_headers(&in);
    decoder.create();
    const auto size = decoder.access_siz();
    std::vector<std::uint16_t> samples;
    for (ojph::ui32 row = 0; row < size.get_recon_height(0); ++row) {
        ojph::ui32 component = 0;
        const auto* line = decoder.pull(component);
        for (ojph::ui32 column = 0; column < size.get_recon_width(0); ++column) {
            samples.push_back(static_cast<std::uint16_t>(line->i32[column]));
        }
    }
    decoder.close();
    return samples;
}

std::vector<std::uint16_t> by_us(const Bytes& codestream) {
    const auto shape = jpeg2000_shape(codestream);
    REQUIRE(shape);
    return decode_jpeg2000(codestream, *shape);
}

int largest_difference(const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b) {
    REQUIRE(a.size() == b.size());
    int largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        largest = std::max(largest, std::abs(static_cast<std::int16_t>(a[i] - b[i])));
    }
    return largest;
}

std::filesystem::path write_stream(const TempDir& dir, Recipe recipe, const Bytes& codestream) {
    recipe.edit = [&](DcmDataset& dataset) {
        phantom::put_compressed_frame(dataset, recipe.syntax, codestream);
    };
    write_dicom(dir / "image.dcm", recipe);
    return dir / "image.dcm";
}

}  // namespace

TEST_CASE("HTJ2K of every depth and progression has the values that went in",
          "[inference][htj2k]") {
    for (const bool is_signed : {false, true}) {
        for (std::uint16_t bits = 8; bits <= 16; ++bits) {
            Recipe recipe;
            recipe.stored = bits;
            recipe.is_signed = is_signed;
            recipe.rows = 131;
            recipe.columns = 97;
            const unsigned mask = (1U << bits) - 1;
            for (const char* order : {"LRCP", "RLCP", "RPCL", "PCRL", "CPRL"}) {
                INFO(bits << " bits, signed " << is_signed << ", " << order);
                const auto codestream = phantom::encode_htj2k(picture_of(recipe), order);
                const auto ours = by_us(codestream);
                auto patterns = ours;
                for (auto& one : patterns) one = static_cast<std::uint16_t>(one & mask);
                CHECK(patterns == gradients(recipe));
                CHECK(by_openjph(codestream) == ours);
            }
        }
    }
}

TEST_CASE("lossy HTJ2K has the values that OpenJPH reads from it", "[inference][htj2k]") {
    for (const auto bits : std::initializer_list<std::uint16_t>{8, 10, 12, 14, 16}) {
        for (const double quality_db : {40.0, 50.0, 70.0}) {
            INFO(bits << " bits at " << quality_db << " dB");
            Recipe recipe;
            recipe.stored = bits;
            recipe.rows = recipe.columns = 200;
            const auto codestream = phantom::encode_htj2k(picture_of(recipe, quality_db), "CPRL");
            // They put a value at other places of its quantization step.
            const double noise = (1 << bits) * std::pow(10.0, -quality_db / 20);
            CHECK(largest_difference(by_us(codestream), by_openjph(codestream)) <= 1 + noise);
        }
    }
}

TEST_CASE("the codestream says what it is, whatever the transfer syntax calls it",
          "[inference][htj2k]") {
    const TempDir dir;
    Recipe recipe;
    const auto high = phantom::encode_htj2k(picture_of(recipe), "RPCL");
    const auto plain = phantom::encode_jpeg2000(picture_of(recipe));
    for (const auto& [syntax, codestream] :
         {std::pair{kJpeg2000Lossless, high}, std::pair{kJpeg2000, high},
          std::pair{kHtj2kLossless, plain}, std::pair{kHtj2k, plain}}) {
        INFO(syntax);
        recipe.syntax = syntax;
        const auto file = write_stream(dir, recipe, codestream);
        CHECK(decode(file).frame.patterns == gradients(recipe));
        CHECK(read_header(file).transfer_syntax == syntax);
    }
}

TEST_CASE("tiles are read, and a frame without all of them is refused", "[inference][htj2k]") {
    const TempDir dir;
    Recipe recipe;
    recipe.rows = 120;
    recipe.columns = 200;
    const bool high = GENERATE(true, false);
    recipe.syntax = high ? kHtj2kLossless : kJpeg2000Lossless;
    INFO(recipe.syntax);
    auto picture = picture_of(recipe);
    picture.tile_side = 64;  // four by two
    auto codestream =
        high ? phantom::encode_htj2k(picture, "LRCP") : phantom::encode_jpeg2000(picture);
    CHECK(decode(write_stream(dir, recipe, codestream)).frame.patterns == gradients(recipe));

    const auto last_tile = [&] {
        const std::array<std::uint8_t, 6> begins{0xFF, 0x90, 0, 10, 0, 7};
        return std::search(codestream.begin(), codestream.end(), begins.begin(), begins.end());
    }();
    REQUIRE(last_tile != codestream.end());
    Bytes without(codestream.begin(), last_tile);
    without.insert(without.end(), {0xFF, 0xD9});
    const Error error = error_of([&] { decode(write_stream(dir, recipe, without)); });
    CHECK(error.fault() == Fault::bad_input);
    CHECK_THAT(error.what(), Catch::Contains("a tile is missing"));
}

TEST_CASE("a damaged HTJ2K frame ends in an image or an Error, never in a crash",
          "[inference][hostile][htj2k]") {
    const TempDir dir;
    Recipe recipe;
    recipe.syntax = kHtj2kLossless;
    const auto whole = phantom::encode_htj2k(picture_of(recipe), "RPCL");
    int errors = 0;
    for (std::size_t i = 0; i < 400; ++i) {
        Bytes damaged = whole;
        const std::size_t at = 50 + i * 7919 % (damaged.size() - 50);
        damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ 1U << (i % 8));
        if (i % 5 == 0) damaged[50 + i * 104729 % (damaged.size() - 50)] = 0xFF;
        try {
            const auto shape = jpeg2000_shape(damaged);
            if (shape) (void)decode_jpeg2000(damaged, *shape);
        } catch (const Error& error) {  // the expected alternative to an image
            CHECK(error.fault() == Fault::bad_input);
            ++errors;
        }
    }
    CHECK(errors > 50);
}
