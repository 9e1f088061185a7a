// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "inference/examine/examine.h"
#include "inference/run/contour.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

const ModelOptions kOneThread{"cpu", 1};
constexpr std::uint16_t kBright = 3900;

/// A 12-bit image, dark and darker with a bright square, with a window over the full range.
Recipe spot_at(std::size_t row, std::size_t column) {
    Recipe recipe;
    recipe.rows = 128;
    recipe.columns = 96;
    for (unsigned r = 0; r < recipe.rows; ++r) {
        recipe.samples.insert(recipe.samples.end(), recipe.columns,
                              static_cast<std::uint16_t>(100 + 1700 * r / recipe.rows));
    }
    for (std::size_t r = row; r < row + 20; ++r) {
        for (std::size_t c = column; c < column + 20; ++c) {
            recipe.samples[r * recipe.columns + c] = kBright;
        }
    }
    recipe.edit = [](DcmDataset& dataset) {
        dataset.putAndInsertString(DCM_WindowCenter, "2048");
        dataset.putAndInsertString(DCM_WindowWidth, "4096");
    };
    return recipe;
}

/// The same recipe with one change to its dataset.
Recipe changed(Recipe recipe, const std::function<void(DcmDataset&)>& change) {
    recipe.edit = [first = recipe.edit, change](DcmDataset& dataset) {
        first(dataset);
        change(dataset);
    };
    return recipe;
}

std::function<void(DcmDataset&)> text(const DcmTagKey& tag, const char* value) {
    return [=](DcmDataset& dataset) { dataset.putAndInsertString(tag, value); };
}

/// A shelf with one package, and a file to analyse.
class ExamineFixture {
public:
    explicit ExamineFixture(Behaviour behaviour = Behaviour::bright_spots) {
        write_package(dir_ / "package", behaviour);
        shelf_ = std::make_unique<Shelf>(std::vector{dir_ / "package"}, kOneThread);
    }
    ImageResult examined(const Recipe& recipe) const {
        write_dicom(dir_ / "image.dcm", recipe);
        return examine(dir_ / "image.dcm", *shelf_, 1000);
    }
    std::filesystem::path file() const { return dir_ / "image.dcm"; }
    const Shelf& shelf() const { return *shelf_; }

private:
    TempDir dir_;
    std::unique_ptr<Shelf> shelf_;
};

}  // namespace

TEST_CASE("a spot is found, named, scored and outlined where it is", "[inference]") {
    const ExamineFixture fixture;
    const ImageResult result = fixture.examined(spot_at(40, 10));
    CHECK(result.verdict == Verdict::findings);
    CHECK_FALSE(result.reason.has_value());
    CHECK(result.model->name == "spots");
    CHECK(result.rows == 128);
    CHECK(result.columns == 96);
    CHECK(result.frame == 1);
    CHECK(result.window == "window 2048/4096 from the header");
    CHECK(result.started_at_ms == 1000);
    REQUIRE(result.findings.size() == 2);
    const Finding& spot = result.findings[0];
    CHECK(spot.answer == Answer::present);
    CHECK(spot.score == Approx(3900 / 4095.0).margin(0.01));
    CHECK(result.findings[1].answer == Answer::absent);
    REQUIRE(spot.regions.size() == 1);
    CHECK(spot.regions[0].side == Side::right);
    CHECK(area_of(spot.regions[0].outline) == Approx(400).epsilon(0.25));
    CHECK(share_left_of(spot.regions[0].outline, 20) == Approx(0.5).margin(0.1));
}

TEST_CASE("an image without a spot gets the verdict no_findings", "[inference]") {
    const ExamineFixture fixture;
    Recipe recipe = spot_at(40, 10);
    std::replace(recipe.samples.begin(), recipe.samples.end(), kBright, std::uint16_t{400});
    // Bright points of one pixel are no spot for the model, but the picture fills the scale.
    for (std::size_t at = 5; at < recipe.samples.size(); at += 101) recipe.samples[at] = kBright;
    const ImageResult result = fixture.examined(recipe);
    CHECK(result.verdict == Verdict::no_findings);
    CHECK(result.findings.size() == 2);
}

TEST_CASE("the findings do not depend on how the pixels were encoded", "[inference]") {
    const ExamineFixture fixture;
    Recipe recipe = spot_at(40, 60);
    SECTION("transfer syntax") {
        recipe.syntax = GENERATE(kImplicitLittle, kBigEndian, kDeflated, kRle, kJpegLosslessSv1,
                                 kJpegLsLossless, kJpegExtended);
    }
    SECTION("MONOCHROME1") {
        recipe.photometric = "MONOCHROME1";
        for (auto& sample : recipe.samples) sample = static_cast<std::uint16_t>(4095 - sample);
    }
    SECTION("no window") {
        recipe.edit = nullptr;
    }
    SECTION("two frames") {
        recipe.frames = 2;
        recipe.samples.resize(recipe.samples.size() * 2);
    }
    const ImageResult result = fixture.examined(recipe);
    REQUIRE(result.verdict == Verdict::findings);
    CHECK(result.findings[0].answer == Answer::absent);
    CHECK(result.findings[1].answer == Answer::present);
    CHECK(result.findings[1].regions.at(0).side == Side::left);
    CHECK(area_of(result.findings[1].regions[0].outline) == Approx(400).epsilon(0.3));
    if (recipe.frames == 2) CHECK_THAT(result.window, Catch::EndsWith("; frame 1 of 2"));
}

TEST_CASE("an image that the model does not accept is not analysed, with a reason", "[inference]") {
    const ExamineFixture fixture;
    Recipe recipe = spot_at(40, 10);
    const char* key = nullptr;
    const char* words = nullptr;
    SECTION("a CT") {
        recipe = changed(recipe, text(DCM_SOPClassUID, "1.2.840.10008.5.1.4.1.1.2"));
        key = "sop_class.not_taken";
        words = "CT Image Storage";
    }
    SECTION("FOR PROCESSING") {
        recipe = changed(recipe, text(DCM_SOPClassUID, "1.2.840.10008.5.1.4.1.1.1.1.1"));
        key = "sop_class.not_taken";
        words = "Digital X-Ray Image Storage - For Processing";
    }
    SECTION("a mammography unit") {
        recipe = changed(recipe, text(DCM_Modality, "MG"));
        key = "modality.not_taken";
        words = "modality MG: the model reads DX, CR";
    }
    SECTION("a knee") {
        recipe = changed(recipe, text(DCM_BodyPartExamined, "KNEE"));
        key = "body_part.not_taken";
        words = "body part KNEE: the model reads CHEST";
    }
    SECTION("a lateral view") {
        recipe = changed(recipe, text(DCM_ViewPosition, "LL"));
        key = "view.not_taken";
        words = "view position LL: the model reads PA, AP";
    }
    SECTION("a child") {
        recipe = changed(recipe, text(DCM_PatientAge, "007Y"));
        key = "age.out_of_range";
        words = "7 years, it reads 18 years and more";
    }
    SECTION("a thumbnail") {
        recipe = Recipe{};
        recipe.rows = recipe.columns = 12;
        key = "image.too_small";
        words = "12 x 12 pixels: the model needs 16 x 16";
    }
    SECTION("60000 x 60000") {
        recipe = changed(recipe, [](DcmDataset& dataset) {
            dataset.putAndInsertUint16(DCM_Rows, 60000);
            dataset.putAndInsertUint16(DCM_Columns, 60000);
        });
        key = "image.too_large";
        words = "60000 x 60000 pixels";
    }
    SECTION("0 x 0") {
        recipe = changed(recipe, [](DcmDataset& dataset) {
            dataset.putAndInsertUint16(DCM_Rows, 0);
            dataset.putAndInsertUint16(DCM_Columns, 0);
        });
        key = "image.too_small";
        words = "0 x 0 pixels";
    }
    SECTION("no pixels") {
        recipe = changed(recipe, [](DcmDataset& d) { delete d.remove(DCM_PixelData); });
        key = "image.no_pixels";
        words = "no pixel data";
    }
    SECTION("colour") {
        recipe.photometric = "PALETTE COLOR";
        key = "photometric.colour";
        words = "PALETTE COLOR";
    }
    SECTION("pixels that contradict the header") {
        recipe = changed(recipe, [](DcmDataset& d) { d.putAndInsertUint16(DCM_Rows, 5000); });
        key = "image.not_decodable";
        words = "the pixel data has";
    }
    const ImageResult result = fixture.examined(recipe);
    CHECK(result.verdict == Verdict::not_analysed);
    REQUIRE(result.reason.has_value());
    CHECK(result.reason->key == key);
    CHECK_THAT(result.reason->text, Catch::Contains(words));
    CHECK(result.reason->code.scheme == "99BUCKY");
    CHECK_FALSE(result.reason->code.value.empty());
    CHECK(result.findings.empty());
}

TEST_CASE("a file that is not DICOM gets a verdict", "[inference]") {
    const ExamineFixture fixture;
    write_bytes(fixture.file(), "not DICOM at all");
    const ImageResult result = examine(fixture.file(), fixture.shelf(), 0);
    CHECK(result.verdict == Verdict::not_analysed);
    CHECK(result.reason->key == "image.not_decodable");
}

TEST_CASE("a truncated file gets a verdict", "[inference]") {
    const ExamineFixture fixture;
    write_dicom(fixture.file(), spot_at(40, 10));
    write_bytes(fixture.file(), bytes_of(fixture.file()).substr(0, 9000));
    const ImageResult result = examine(fixture.file(), fixture.shelf(), 0);
    CHECK(result.verdict == Verdict::not_analysed);
    CHECK(result.reason->key == "image.not_decodable");
    CHECK(result.rows == 128);
}

TEST_CASE("a picture without contrast is not analysed, with or without a gate", "[inference]") {
    const ExamineFixture fixture;
    Recipe recipe = spot_at(40, 10);
    SECTION("one grey") {
        std::fill(recipe.samples.begin(), recipe.samples.end(), std::uint16_t{700});
    }
    SECTION("two greys") {
        for (auto& sample : recipe.samples) sample = sample < 1000 ? 700 : 2000;
    }
    SECTION("whatever its window says") {
        std::fill(recipe.samples.begin(), recipe.samples.end(), std::uint16_t{700});
        recipe.samples[77] = 701;
        recipe.edit = text(DCM_WindowCenter, "700\\701");
    }
    const ImageResult result = fixture.examined(recipe);
    CHECK(result.verdict == Verdict::not_analysed);
    REQUIRE(result.reason.has_value());
    CHECK(result.reason->key == "grey.no_contrast");
    CHECK(result.findings.empty());
}

TEST_CASE("what is done against the header is told in a warning", "[inference]") {
    const ExamineFixture fixture;
    Recipe recipe = spot_at(40, 10);
    const auto* key = GENERATE("grey.view_replaced", "grey.header_wrong");
    if (std::string(key) == "grey.view_replaced") {
        recipe = changed(recipe, text(DCM_WindowWidth, "65536"));
    } else {
        recipe.high_bit = 15;  // the values are aligned to the right
    }
    const ImageResult result = fixture.examined(recipe);
    CHECK(result.verdict == Verdict::findings);
    REQUIRE(result.warnings.size() == 1);
    CHECK(result.warnings[0].key == key);
}

TEST_CASE("cells that contradict the header in every reading are not analysed, and both are named",
          "[inference]") {
    const ExamineFixture fixture;
    Recipe recipe = spot_at(40, 10);
    std::uint32_t noise = 1;
    for (auto& sample : recipe.samples) {
        noise = noise * 1664525U + 1013904223U;
        sample = static_cast<std::uint16_t>(noise >> 16U);
    }
    const ImageResult result = fixture.examined(recipe);
    CHECK(result.verdict == Verdict::not_analysed);
    REQUIRE(result.reason.has_value());
    CHECK_THAT(result.reason->text, Catch::Contains("the header says 12 unsigned bits") &&
                                        Catch::Contains("the values use bits 0 to 15"));
}

TEST_CASE("a file that cannot be read is tried again later", "[inference]") {
    const ExamineFixture fixture;
    CHECK(error_of([&] { examine(fixture.file(), fixture.shelf(), 0); }).fault() ==
          Fault::unavailable);
}

TEST_CASE("a model that fails on an image gives the verdict failed", "[inference]") {
    const ExamineFixture fixture(Behaviour::throws_on_white);
    Recipe recipe = spot_at(40, 10);
    std::replace(recipe.samples.begin(), recipe.samples.end(), kBright, std::uint16_t{4095});
    const ImageResult result = fixture.examined(recipe);
    CHECK(result.verdict == Verdict::failed);
    CHECK(result.reason->key == "model.failed");
    CHECK_THAT(result.reason->text, Catch::Contains("too white for me"));
    CHECK(result.model.has_value());
    CHECK(result.findings.empty());
    CHECK(fixture.examined(spot_at(40, 10)).verdict == Verdict::findings);
}

TEST_CASE("a package whose model breaks the contract is refused when it is loaded", "[inference]") {
    const TempDir dir;
    write_package(dir / "package", GENERATE(Behaviour::not_finite, Behaviour::wrong_shape,
                                            Behaviour::scores_only, Behaviour::no_tensor));
    const Error error = error_of([&] { Shelf({dir / "package"}, kOneThread); });
    CHECK(error.fault() == Fault::bad_input);
    CHECK_THAT(error.what(), Catch::Contains((dir / "package").string()));
}

TEST_CASE("the first package that accepts an image gets it, and a refusal is that of the first",
          "[inference]") {
    const TempDir dir;
    for (const char* name : {"first", "second"}) {
        write_package(dir / name);
        std::string manifest = bytes_of(dir / name / "model.toml");
        const std::string views = "views = [\"PA\", \"AP\", \"\"]";
        const bool first = std::string(name) == "first";
        manifest.replace(manifest.find(views), views.size(),
                         first ? "views = [\"PA\"]" : "views = [\"AP\"]");
        write_bytes(dir / name / "model.toml", manifest);
    }
    const Shelf shelf({dir / "first", dir / "second"}, kOneThread);
    CHECK(shelf.packages().size() == 2);
    const auto choice_for = [&](const char* view) {
        write_dicom(dir / "image.dcm", changed(spot_at(1, 1), text(DCM_ViewPosition, view)));
        return shelf.choose(read_header(dir / "image.dcm"));
    };
    CHECK(choice_for("PA").taken == &shelf.packages()[0]);
    CHECK(choice_for("AP").taken == &shelf.packages()[1]);
    CHECK(choice_for("LL").taken == nullptr);
    CHECK_THAT(choice_for("LL").refused->text, Catch::EndsWith("reads PA"));
    CHECK_THAT(choice_for("").refused->text, Catch::Contains("names no view position"));
}

TEST_CASE("an empty shelf analyses no image and gives the reason", "[inference]") {
    const TempDir dir;
    write_dicom(dir / "image.dcm", spot_at(1, 1));
    const ImageResult result = examine(dir / "image.dcm", Shelf({}, kOneThread), 0);
    CHECK(result.verdict == Verdict::not_analysed);
    CHECK(result.reason->key == "shelf.empty");
}

TEST_CASE("the same file gives the same result", "[inference]") {
    const ExamineFixture fixture;
    const ImageResult once = fixture.examined(spot_at(40, 10));
    const ImageResult again = fixture.examined(spot_at(40, 10));
    CHECK(once.findings[0].score == again.findings[0].score);
    CHECK(once.findings[0].regions[0].outline == again.findings[0].regions[0].outline);
}

TEST_CASE("a shadow package reports nothing, and its answer is returned separately",
          "[inference]") {
    const TempDir dir;
    for (const char* name : {"first", "shadow"}) write_package(dir / name);
    const auto load = [](const Package& package) {
        return load_torch_model(package.weights, kOneThread);
    };
    const Shelf shelf(std::vector<Placed>{{dir / "shadow", true}, {dir / "first", false}}, load);
    write_dicom(dir / "image.dcm", spot_at(40, 10));
    CHECK(shelf.choose(read_header(dir / "image.dcm")).taken == &shelf.packages()[1]);
    const auto said = examine_by_shadows(dir / "image.dcm", shelf, 1000);
    REQUIRE(said.size() == 1);
    CHECK(said[0].verdict == Verdict::findings);
    CHECK(said[0].started_at_ms == 1000);
    write_dicom(dir / "lateral.dcm", changed(spot_at(1, 1), text(DCM_ViewPosition, "LL")));
    CHECK(examine_by_shadows(dir / "lateral.dcm", shelf, 0).empty());

    const Shelf alone(std::vector<Placed>{{dir / "shadow", true}}, load);
    CHECK(alone.choose(read_header(dir / "image.dcm")).refused->key == "shelf.empty");
    CHECK_FALSE(alone.answers());
}

TEST_CASE("all packages that are wrong are named at once", "[inference]") {
    const TempDir dir;
    write_package(dir / "good");
    write_package(dir / "bad", Behaviour::not_finite);
    const Error error = error_of([&] {
        Shelf({dir / "none", dir / "good", dir / "bad"}, kOneThread);
    });
    CHECK(error.fault() == Fault::bad_input);
    CHECK_THAT(error.what(), Catch::Contains((dir / "none").string()) &&
                                 Catch::Contains((dir / "bad").string()) &&
                                 !Catch::Contains((dir / "good").string()));
}
