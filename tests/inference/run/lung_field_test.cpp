// SPDX-License-Identifier: Apache-2.0
// Where lungs begin and end, on phantoms whose lungs are known and on films.
#include "inference/run/lung_field.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "inference/examine/examine.h"
#include "tests/inference/support.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tools/phantom/anatomy.h"
#include "tools/phantom/draw.h"
#include "tools/phantom/write.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

/// The picture as it is, letterboxed into nothing.
std::optional<LungField> field_of(const std::vector<float>& pixels, std::uint32_t rows,
                                  std::uint32_t columns) {
    InputSpec spec;
    spec.width = columns;
    spec.height = rows;
    return lung_field({1, rows, columns, pixels}, spec, place(rows, columns, 1, spec));
}

/// Apex and base of the phantom's lungs; the base is the diaphragm beside the angle.
LungField lungs_of(const phantom::Phantom& drawn) {
    const phantom::Anatomy anatomy{drawn.recipe.seed};
    const auto row = [&](double y) {
        return (y + drawn.recipe.shift_y_mm) / drawn.spacing_mm + drawn.recipe.rows / 2.0;
    };
    const double base =
        std::max(anatomy.dome(phantom::Side::right, 108), anatomy.dome(phantom::Side::left, 108));
    return {row(anatomy.apex_y()), row(base)};
}

}  // namespace

TEST_CASE("the lungs of a phantom are found, whatever is in them", "[inference]") {
    constexpr int kPhantoms = 40;
    int near = 0;
    for (int seed = 0; seed < kPhantoms; ++seed) {
        const auto lesion = phantom::kFindings.at(static_cast<std::size_t>(seed) % 4);
        const auto drawn = phantom::draw(phantom::random_recipe(
            static_cast<std::uint64_t>(seed), seed % 3 == 0 ? 400 : 320, 320, {lesion}));
        const auto field = field_of(drawn.pixels, static_cast<std::uint32_t>(drawn.recipe.rows),
                                    static_cast<std::uint32_t>(drawn.recipe.columns));
        const auto truth = lungs_of(drawn);
        CAPTURE(seed, truth.top, truth.bottom, field.has_value());
        REQUIRE(field);
        CAPTURE(field->top, field->bottom);
        const double off =
            std::max(std::abs(field->top - truth.top), std::abs(field->bottom - truth.bottom)) /
            (truth.bottom - truth.top);
        near += off < 0.15 ? 1 : 0;
    }
    CHECK(near >= kPhantoms - 2);
}

TEST_CASE("a result with a place has the lungs that it is in, one without has none",
          "[inference]") {
    const TempDir dir;
    const Shelf shelf({std::filesystem::path(BUCKY_SOURCE_DIR) / "models" / "cxr-phantom"},
                      ModelOptions{"cpu", 1});
    const auto lungs_in = [&](std::vector<phantom::Finding> lesions) {
        const auto drawn = phantom::draw(phantom::random_recipe(12, 512, 420, std::move(lesions)));
        phantom::write_dicom(drawn, {}, dir / "image.dcm");
        return examine(dir / "image.dcm", shelf, 0).lungs;
    };
    const auto lungs = lungs_in({phantom::Finding::pneumonia});
    REQUIRE(lungs);
    CHECK(lungs->top < 512 / 4.0);
    CHECK(lungs->bottom > 512 / 2.0);
    CHECK(lungs->bottom < 512);
    CHECK_FALSE(lungs_in({}));
}

TEST_CASE("what does not look like lungs has no lung field", "[inference]") {
    std::vector<float> pixels(std::size_t{300} * 300, 0.5F);
    CHECK_FALSE(field_of(pixels, 300, 300));
    std::uint32_t noise = 1;
    for (float& pixel : pixels) {
        noise = noise * 1664525U + 1013904223U;
        pixel = static_cast<float>(noise >> 16U) / 65536;
    }
    CHECK_FALSE(field_of(pixels, 300, 300));
    CHECK_FALSE(field_of({}, 0, 0));
    InputSpec hounsfield;
    hounsfield.values = Values::modality;
    CHECK_FALSE(lung_field({1, 300, 300, pixels}, hounsfield, place(300, 300, 1, hounsfield)));
}

TEST_CASE("the lungs lie where the image lies in the model's input", "[inference]") {
    const auto drawn = phantom::draw(phantom::random_recipe(11, 512, 384, {}));
    const auto alone = field_of(drawn.pixels, 512, 384);
    InputSpec spec;  // black bars beside it, another half of the size, and the greys turned over
    spec.width = spec.height = 256;
    spec.range_low = 1;
    spec.range_high = -1;
    ModelInput input{1, 256, 256, std::vector<float>(std::size_t{256} * 256, 1)};
    for (std::size_t row = 0; row < 256; ++row) {
        for (std::size_t column = 0; column < 192; ++column) {
            const float grey = drawn.pixels[2 * row * 384 + 2 * column];
            input.values[row * 256 + 32 + column] = 1 - 2 * grey;
        }
    }
    const auto placed = lung_field(input, spec, place(512, 384, 1, spec));
    REQUIRE(alone);
    REQUIRE(placed);
    CHECK(std::abs(placed->top - alone->top) < 20);
    CHECK(std::abs(placed->bottom - alone->bottom) < 20);
}

TEST_CASE("the lungs of sixty films are found", "[inference][samples]") {
    const auto folder = shared_folder() / "samples" / "cxr";
    if (!std::filesystem::is_directory(folder)) {
        std::cout << "skipped: no shared folder with samples\n";
        return;
    }
    const TempDir pictures;
    const std::string as_pgm =
        "import sys, pathlib\nfrom PIL import Image\n"
        "for file in pathlib.Path(sys.argv[1]).glob('*.*'):\n"
        "    Image.open(file).convert('L').resize((256, 256)).save(\n"
        "        f'{sys.argv[2]}/{file.stem}.pgm')\n";
    REQUIRE(
        run({"/usr/bin/python3", "-c", as_pgm, folder.string(), pictures.path().string()}).status ==
        0);
    // Apex and base in percent of the height, read by eye: short and tall, ill and faint, children.
    const std::map<std::string, std::pair<double, double>> by_eye{
        {"HAN_86d19bba", {12, 90}},     {"KER_IM-0199-0001", {24, 82}},
        {"NIH_00001739_000", {7, 56}},  {"NIH_00001968_003", {26, 81}},
        {"NIH_00002022_000", {12, 50}}, {"NIH_00008727_009", {23, 83}}};
    std::size_t found = 0, compared = 0;
    for (const auto& entry : std::filesystem::directory_iterator(pictures.path())) {
        const std::string bytes = bytes_of(entry.path());
        std::vector<float> pixels;
        for (auto at = bytes.size() - 256 * 256; at < bytes.size(); ++at) {
            pixels.push_back(static_cast<float>(static_cast<unsigned char>(bytes[at])) / 255);
        }
        const auto field = field_of(pixels, 256, 256);
        if (!field) continue;
        ++found;
        const auto seen = by_eye.find(entry.path().stem().string());
        if (seen == by_eye.end()) continue;
        ++compared;
        CAPTURE(seen->first, field->top / 2.56, field->bottom / 2.56);
        CHECK(std::abs(field->top / 2.56 - seen->second.first) < 8);
        CHECK(std::abs(field->bottom / 2.56 - seen->second.second) < 8);
    }
    CHECK(found >= 58);  // one is white from apex to base
    CHECK(compared == by_eye.size());
}
