// SPDX-License-Identifier: Apache-2.0
// models/pneumonia-paediatric: which patients it takes, and that its score depends on the chest,
// not on the encoding of the picture. Skipped without the pictures, which are not part of the
// repository.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "inference/examine/examine.h"
#include "inference/pixels/decode.h"
#include "tests/support/places.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
namespace fs = std::filesystem;

namespace {

constexpr double kTolerance = 0.06;
constexpr std::size_t kEvery = 500;  // of the 4,629 pictures

const inference::Shelf& shelf() {
    static const inference::Shelf loaded{{source_dir() / "models" / "pneumonia-paediatric"},
                                         {"cpu", 0}};
    return loaded;
}

/// A picture file as display values, converted by DCMTK's img2dcm.
phantom::Phantom picture_of(const fs::path& file, const TempDir& dir) {
    const auto wrapped = dir / "wrapped.dcm";
    REQUIRE(run({"img2dcm", file.string(), wrapped.string()}).status == 0);
    const auto image = inference::decode(wrapped);
    phantom::Phantom picture;
    picture.recipe.rows = static_cast<int>(image.frame.rows);
    picture.recipe.columns = static_cast<int>(image.frame.columns);
    picture.spacing_mm = 1;
    for (const auto pattern : image.frame.patterns) {
        picture.pixels.push_back(static_cast<float>(pattern) / 255.0F);
    }
    return picture;
}

/// The picture on a black background, not centred.
phantom::Phantom padded(const phantom::Phantom& picture, int above, int left, int rows,
                        int columns) {
    phantom::Phantom larger = picture;
    larger.recipe.rows = rows;
    larger.recipe.columns = columns;
    larger.pixels.assign(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns), 0.0F);
    for (int row = 0; row < picture.recipe.rows; ++row) {
        const auto from = picture.pixels.begin() + std::ptrdiff_t{row} * picture.recipe.columns;
        std::copy(from, from + picture.recipe.columns,
                  larger.pixels.begin() + std::ptrdiff_t{row + above} * columns + left);
    }
    return larger;
}

phantom::DicomOptions child(int bits) {
    phantom::DicomOptions dicom;
    dicom.bits_stored = bits;
    dicom.patient_age = "003Y";
    dicom.view_position = "AP";
    return dicom;
}

double score_of(const phantom::Phantom& picture, const phantom::DicomOptions& dicom,
                const TempDir& dir) {
    phantom::write_dicom(picture, dicom, dir / "image.dcm");
    const auto result = inference::examine(dir / "image.dcm", shelf(), 0);
    INFO((result.reason ? result.reason->text : ""));
    REQUIRE(result.findings.size() == 1);
    return result.findings[0].score;
}

std::vector<fs::path> some_pictures(const fs::path& folder) {
    std::vector<fs::path> all, some;
    for (const auto& entry : fs::directory_iterator{folder}) all.push_back(entry.path());
    std::sort(all.begin(), all.end());
    for (std::size_t i = 0; i < all.size(); i += kEvery) some.push_back(all[i]);
    return some;
}

}  // namespace

TEST_CASE("the paediatric model takes children of a known age up to six years, and nobody else",
          "[system][models]") {
    const TempDir dir;
    const auto picture = phantom::draw(phantom::random_recipe(5, 256, 256, {}));
    const auto refusal = [&](const std::string& age) {
        auto dicom = child(12);
        dicom.patient_age = age;
        phantom::write_dicom(picture, dicom, dir / "image.dcm");
        const auto result = inference::examine(dir / "image.dcm", shelf(), 0);
        return result.verdict == inference::Verdict::not_analysed ? result.reason->text : "taken";
    };
    for (const auto* age : {"000D", "018M", "003Y", "006Y"}) CHECK(refusal(age) == "taken");
    for (const auto* age : {"007Y", "045Y", "090Y", ""}) {
        CHECK_THAT(refusal(age),
                   Catch::Contains("patient age outside the range the model was made for"));
    }
}

TEST_CASE("the paediatric model's score does not depend on how a picture arrives",
          "[system][models]") {
    const auto shared = shared_dir();
    if (!shared || !fs::is_directory(*shared / "training" / "kermany")) return;
    const TempDir dir;
    for (const auto& file : some_pictures(*shared / "training" / "kermany")) {
        INFO(file.filename());
        const auto picture = picture_of(file, dir);
        const double plain = score_of(picture, child(8), dir);
        const auto check_same = [&](const char* dress, double score) {
            INFO(dress << ": " << score << " instead of " << plain);
            CHECK(std::abs(score - plain) <= kTolerance);
        };
        check_same("12 bits", score_of(picture, child(12), dir));
        auto dicom = child(12);
        dicom.monochrome1 = true;
        check_same("MONOCHROME1", score_of(picture, dicom, dir));
        dicom = child(8);
        dicom.syntax = phantom::TransferSyntax::jpeg_baseline;
        check_same("JPEG", score_of(picture, dicom, dir));
        check_same("padded at the sides",
                   score_of(padded(picture, 0, 40, 224, 320), child(8), dir));
        check_same("padded below", score_of(padded(picture, 0, 0, 290, 224), child(12), dir));
        check_same("padded all around",
                   score_of(padded(picture, 31, 17, 270, 300), child(12), dir));
        dicom = child(12);
        dicom.with_window = false;
        check_same("without a window", score_of(picture, dicom, dir));
    }
}
