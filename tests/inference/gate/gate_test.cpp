// SPDX-License-Identifier: Apache-2.0
// The objections of the gate and their consequences: the rules with a package whose answers are
// drawn into the picture, and the package that comes with Bucky with real pictures.
#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <iterator>
#include <sstream>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "inference/examine/examine.h"
#include "inference/gate/gate.h"
#include "inference/pixels/decode.h"
#include "inference/pixels/view.h"
#include "tests/inference/support.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tools/phantom/draw.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

const ModelOptions kOneThread{"cpu", 1};
const GateLimits kHalves{0.5, 0.5, 0.5, 0.9};
const std::vector<std::string> kUsual{"L", "F"};

/// chest, upright, turned left, upside down, turned right, inverted, mirrored
using Answers = std::array<double, 7>;
constexpr Answers kGood{0.95, 0.9, 0.05, 0.02, 0.03, 0.1, 0.1};

std::vector<std::string> keys_of(const GateOpinion& opinion,
                                 const std::vector<std::string>& orientation = kUsual) {
    std::vector<std::string> keys;
    for (const auto& [reason, serious] : objections(opinion, kHalves, orientation)) {
        keys.push_back(reason.key + (serious ? "" : "?"));
    }
    return keys;
}

/// A picture for the gate of write_gate(): 140 x 140, with one answer in each seventh of its rows,
/// as the mean of a gradient: a picture of seven flat greys is not looked at.
Recipe painted(const Answers& answers) {
    Recipe recipe;
    recipe.rows = recipe.columns = 140;
    for (std::size_t row = 0; row < 140; ++row) {
        const double mean = answers[row / 20];
        const double reach = 0.9 * std::min({mean, 1 - mean, 0.1});
        for (int column = 0; column < 140; ++column) {
            const double grey = mean + reach * (column / 69.5 - 1);
            recipe.samples.push_back(static_cast<std::uint16_t>(std::lround(grey * 4095)));
        }
    }
    recipe.edit = [](DcmDataset& dataset) {
        dataset.putAndInsertString(DCM_WindowCenter, "2048");
        dataset.putAndInsertString(DCM_WindowWidth, "4096");
    };
    return recipe;
}

ImageResult examined(const Answers& answers, GateMode mode) {
    const TempDir dir;
    write_package(dir / "package");
    write_gate(dir / "gate");
    write_dicom(dir / "image.dcm", painted(answers));
    return examine(dir / "image.dcm", Shelf({dir / "package"}, kOneThread, {mode, dir / "gate"}),
                   0);
}

std::filesystem::path own_gate() {
    return std::filesystem::path(BUCKY_SOURCE_DIR) / "models" / "cxr-gate";
}

/// A chest from an 8-bit PGM, as a Recipe with a window over the full range.
Recipe eight_bits_of(const std::filesystem::path& pgm) {
    std::istringstream in(bytes_of(pgm));
    std::string kind;
    int columns = 0, rows = 0, top = 0;
    in >> kind >> columns >> rows >> top;
    in.get();
    Recipe recipe;
    recipe.allocated = recipe.stored = 8;
    recipe.rows = static_cast<std::uint16_t>(rows);
    recipe.columns = static_cast<std::uint16_t>(columns);
    const std::istreambuf_iterator<char> bytes(in), end;
    for (auto at = bytes; at != end; ++at) {
        recipe.samples.push_back(static_cast<std::uint8_t>(*at));
    }
    recipe.edit = [](DcmDataset& dataset) {
        dataset.putAndInsertString(DCM_WindowCenter, "128");
        dataset.putAndInsertString(DCM_WindowWidth, "256");
    };
    return recipe;
}

std::vector<std::string> objections_of_own_gate(const std::filesystem::path& file) {
    static const Gate gate{own_gate(), kOneThread};
    std::vector<std::string> keys;
    for (const auto& [reason, serious] :
         objections(gate.look(decode(file)), gate.package().limits, {})) {
        keys.push_back(reason.key);
    }
    return keys;
}

/// A square picture as a DICOM file: `grey` of row and column, 0 to 1.
template <typename Grey>
std::filesystem::path written(const TempDir& dir, std::size_t side, Grey grey) {
    Recipe recipe;
    recipe.rows = recipe.columns = static_cast<std::uint16_t>(side);
    for (std::size_t row = 0; row < side; ++row) {
        for (std::size_t column = 0; column < side; ++column) {
            const double value = std::clamp(static_cast<double>(grey(row, column)), 0.0, 1.0);
            recipe.samples.push_back(static_cast<std::uint16_t>(std::lround(value * 4095)));
        }
    }
    write_dicom(dir / "picture.dcm", recipe);
    return dir / "picture.dcm";
}

}  // namespace

TEST_CASE("the gate has no objection to an upright frontal chest", "[inference]") {
    CHECK(keys_of(
              {.chest = 0.95, .upright = 0.9, .upside_down = 0.1, .inverted = 0.1, .mirrored = 0.1})
              .empty());
    CHECK(keys_of(
              {.chest = 0.95, .upright = 0.9, .upside_down = 0.1, .inverted = 0.1, .mirrored = 0.6})
              .empty());  // side uncertain: no objection
}

TEST_CASE("the gate objects to each picture that does not look as it should", "[inference]") {
    using Keys = std::vector<std::string>;
    CHECK(
        keys_of(
            {.chest = 0.2, .upright = 0.9, .upside_down = 0.1, .inverted = 0.1, .mirrored = 0.1}) ==
        Keys{"gate.not_chest"});
    CHECK(keys_of({.chest = 0.2, .turned_left = 1, .inverted = 0.9, .mirrored = 0.99}) ==
          Keys{"gate.not_chest"});  // and no other objection
    CHECK(keys_of({.chest = 0.9,
                   .upright = 0.1,
                   .turned_left = 0.8,
                   .upside_down = 0.1,
                   .inverted = 0.1,
                   .mirrored = 0.99}) == Keys{"gate.rotated"});
    CHECK(
        keys_of(
            {.chest = 0.9, .upright = 0.9, .upside_down = 0.1, .inverted = 0.9, .mirrored = 0.1}) ==
        Keys{"gate.inverted"});
    CHECK(
        keys_of(
            {.chest = 0.9, .upright = 0.1, .upside_down = 0.9, .inverted = 0.9, .mirrored = 0.1}) ==
        Keys{"gate.rotated", "gate.inverted"});
    CHECK(keys_of({.chest = 0.9,
                   .upright = 0.9,
                   .upside_down = 0.1,
                   .inverted = 0.1,
                   .mirrored = 0.95}) == Keys{"gate.mirrored?"});
}

TEST_CASE("an image whose header names no view must look more like a chest", "[inference]") {
    GateLimits limits = kHalves;
    limits.chest_without_view = 0.9;
    const GateOpinion unsure{.chest = 0.7, .upright = 0.9, .inverted = 0.1, .mirrored = 0.1};
    const auto asked = [&](const Header& header) {
        return objections(unsure, limits_for(limits, header), kUsual).size();
    };
    Header header;
    CHECK(asked(header) == 1);
    header.view_position = "PA";
    CHECK(asked(header) == 0);
    header.view_position = "";
    header.coded_view = "antero-posterior";
    CHECK(asked(header) == 0);
    limits.chest_without_view = std::nullopt;  // a gate of an older package has one limit
    CHECK(asked(Header{}) == 0);
}

TEST_CASE("the gate states the orientation of a chest", "[inference]") {
    const auto words = [](double left, double down, double right) {
        return objections({.chest = 0.9,
                           .upright = 0.1,
                           .turned_left = left,
                           .upside_down = down,
                           .turned_right = right},
                          kHalves, kUsual)
            .at(0)
            .reason.text;
    };
    CHECK_THAT(words(0.8, 0.1, 0), Catch::Contains("turned to the left"));
    CHECK_THAT(words(0.1, 0.8, 0), Catch::Contains("upside down"));
    CHECK_THAT(words(0, 0.1, 0.8), Catch::Contains("turned to the right"));
}

TEST_CASE("a mirrored picture is distinguished from a wrong label", "[inference]") {
    using Keys = std::vector<std::string>;
    const GateOpinion mirrored{.chest = 0.9, .upright = 0.9, .mirrored = 0.95};
    const GateOpinion straight{.chest = 0.9, .upright = 0.9, .mirrored = 0.05};
    const std::vector<std::string> says_mirrored{"R", "F"};
    CHECK(keys_of(mirrored, {}) == Keys{"gate.mirrored?"});
    CHECK(keys_of(mirrored, says_mirrored).empty());
    CHECK(keys_of(straight, says_mirrored) == Keys{"gate.mislabelled?"});
    CHECK(keys_of(straight, {}).empty());
}

TEST_CASE("an objection is a refusal, a warning or not asked for, by mode", "[inference]") {
    Answers upside_down = kGood;
    upside_down[1] = 0.05;
    upside_down[3] = 0.9;

    const ImageResult refused = examined(upside_down, GateMode::refuse);
    CHECK(refused.verdict == Verdict::not_analysed);
    CHECK(refused.reason->key == "gate.rotated");
    CHECK(refused.reason->code ==
          Code{"LOOKS_ROTATED", "99BUCKY", "Chest in the picture is not upright"});
    CHECK_THAT(refused.reason->text, Catch::Contains("upside down"));
    CHECK(refused.findings.empty());
    CHECK(refused.rows == 140);

    const ImageResult warned = examined(upside_down, GateMode::warn);
    CHECK(warned.verdict == Verdict::findings);
    REQUIRE(warned.warnings.size() == 1);
    CHECK(warned.warnings[0].key == "gate.rotated");

    const ImageResult unasked = examined(upside_down, GateMode::off);
    CHECK(unasked.verdict == Verdict::findings);
    CHECK(unasked.warnings.empty());
}

TEST_CASE("an image that only looks mirrored is analysed with a warning", "[inference]") {
    Answers mirrored = kGood;
    mirrored[6] = 0.97;
    const ImageResult result = examined(mirrored, GateMode::refuse);
    CHECK(result.verdict == Verdict::findings);
    REQUIRE(result.warnings.size() == 1);
    CHECK(result.warnings[0].key == "gate.mirrored");
}

TEST_CASE("a good image passes the gate without a warning", "[inference]") {
    const ImageResult result = examined(kGood, GateMode::refuse);
    CHECK(result.verdict == Verdict::findings);
    CHECK(result.warnings.empty());
}

TEST_CASE("a folder that is no gate is refused when it is loaded", "[inference]") {
    const TempDir dir;
    CHECK(error_of([&] { Gate(dir / "absent", kOneThread); }).fault() == Fault::bad_input);
    write_package(dir / "package");  // a model's package
    CHECK_THAT(error_of([&] { Gate(dir / "package", kOneThread); }).what(),
               Catch::Contains("is not a key here"));
    write_gate(dir / "gate");
    std::string manifest = bytes_of(dir / "gate" / "model.toml");
    SECTION("limits for other weights") {
        manifest.replace(manifest.rfind("limits_for = \"") + 14, 4, "0000");
        write_bytes(dir / "gate" / "model.toml", manifest);
        CHECK_THAT(error_of([&] { Gate(dir / "gate", kOneThread); }).what(),
                   Catch::Contains("chosen for other weights"));
    }
    SECTION("a limit that is missing") {
        manifest.erase(manifest.find("upright = 0.5\n"), 14);
        write_bytes(dir / "gate" / "model.toml", manifest);
        CHECK_THAT(error_of([&] { Gate(dir / "gate", kOneThread); }).what(),
                   Catch::Contains("gate.upright: is missing"));
    }
    CHECK(gate_beside({"/a/models/cxr-phantom/"}) == "/a/models/cxr-gate");
}

TEST_CASE("Bucky's own gate accepts phantoms, but not if they are turned, inverted or mirrored",
          "[inference][gate]") {
    using Keys = std::vector<std::string>;
    const TempDir dir;
    constexpr std::size_t kSide = 500;
    for (const std::uint64_t seed : {1, 2, 3, 4}) {
        CAPTURE(seed);
        const auto drawn = phantom::draw(phantom::random_recipe(seed, kSide, kSide));
        const auto at = [&](std::size_t row, std::size_t column) {
            return drawn.pixels[row * kSide + column];
        };
        const auto last = kSide - 1;
        CHECK(objections_of_own_gate(written(dir, kSide, at)) == Keys{});
        CHECK(objections_of_own_gate(written(dir, kSide, [&](auto row, auto column) {
                  return at(last - row, last - column);
              })) == Keys{"gate.rotated"});
        CHECK(objections_of_own_gate(written(dir, kSide, [&](auto row, auto column) {
                  return at(column, last - row);
              })) == Keys{"gate.rotated"});
        CHECK(objections_of_own_gate(written(dir, kSide, [&](auto row, auto column) {
                  return 1 - at(row, column);
              })) == Keys{"gate.inverted"});
        CHECK(objections_of_own_gate(written(dir, kSide, [&](auto row, auto column) {
                  return at(row, last - column);
              })) == Keys{"gate.mirrored"});
    }
}

TEST_CASE("Bucky's own gate takes a picture without a body for no chest", "[inference][gate]") {
    using Keys = std::vector<std::string>;
    const TempDir dir;
    const auto looks = [&](auto grey) { return objections_of_own_gate(written(dir, 400, grey)); };
    CHECK(looks([](auto, auto) { return 0.5; }) == Keys{"gate.not_chest"});
    CHECK(looks([](auto row, auto) { return static_cast<double>(row) / 400; }) ==
          Keys{"gate.not_chest"});
    CHECK(looks([](auto row, auto column) {
              return (row / 25 + column / 25) % 2 == 0 ? 1.0 : 0.0;
          }) == Keys{"gate.not_chest"});
    std::uint32_t noise = 1;
    CHECK(looks([&](auto, auto) {
              noise = noise * 1664525U + 1013904223U;
              return static_cast<double>(noise >> 16U) / 65536;
          }) == Keys{"gate.not_chest"});
}

TEST_CASE("real files: chests pass, a hip, a leg, a jaw, a dog and a test pattern do not",
          "[inference][samples]") {
    const auto folder = shared_folder() / "samples" / "dicom";
    if (!std::filesystem::is_directory(folder)) {
        std::cout << "skipped: no shared folder with samples\n";
        return;
    }
    using Keys = std::vector<std::string>;
    for (const char* chest :
         {"CR-MONO1-10-chest.dcm", "RG1_JLSN.dcm",
          "1.3.6.1.4.1.11129.5.5.110503645592756492463169821050252582267888.dcm"}) {
        CAPTURE(chest);
        CHECK_FALSE(unreadable(decode(folder / chest).use));
        CHECK(objections_of_own_gate(folder / chest) == Keys{});
    }
    for (const char* other : {"RG2_UNC.dcm", "RG3_UNC.dcm", "CR-ModalitySequenceLUT.dcm",
                              "dx_image.dcm", "test16signed.dcm"}) {
        CAPTURE(other);
        CHECK(objections_of_own_gate(folder / other) == Keys{"gate.not_chest"});
    }
}

TEST_CASE("sixty real chests pass the gate, and none of them passes when inverted",
          "[inference][samples]") {
    const auto folder = shared_folder() / "samples" / "cxr";
    if (!std::filesystem::is_directory(folder)) {
        std::cout << "skipped: no shared folder with samples\n";
        return;
    }
    const TempDir pictures, dir;
    const std::string as_pgm =
        "import sys, pathlib\nfrom PIL import Image\n"
        "for file in pathlib.Path(sys.argv[1]).glob('*.*'):\n"
        "    Image.open(file).convert('L').save(f'{sys.argv[2]}/{file.stem}.pgm')\n";
    REQUIRE(
        run({"/usr/bin/python3", "-c", as_pgm, folder.string(), pictures.path().string()}).status ==
        0);
    std::size_t chests = 0, passed = 0, seen_inverted = 0;
    for (const auto& entry : std::filesystem::directory_iterator(pictures.path())) {
        auto recipe = eight_bits_of(entry.path());
        write_dicom(dir / "chest.dcm", recipe);
        CHECK_FALSE(unreadable(decode(dir / "chest.dcm").use));
        CHECK(decode(dir / "chest.dcm").note.empty());
        passed += objections_of_own_gate(dir / "chest.dcm").empty() ? 1 : 0;
        for (auto& value : recipe.samples) value = static_cast<std::uint16_t>(255 - value);
        write_dicom(dir / "chest.dcm", recipe);
        const auto against = objections_of_own_gate(dir / "chest.dcm");
        seen_inverted += std::count(against.begin(), against.end(), "gate.inverted") != 0 ? 1 : 0;
        ++chests;
    }
    CHECK(chests == 60);
    CHECK(passed == chests);
    CHECK(seen_inverted == chests);
}
