// SPDX-License-Identifier: Apache-2.0
// What the header claims x what the bits are: pictures of chests whose lesions are known, in files
// that contradict themselves. Each cell of the matrix is analysed by the model that comes with
// Bucky, and gets the verdict of the truth or none.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>
#include <string>
#include <utility>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <catch2/catch.hpp>

#include "inference/examine/examine.h"
#include "tests/inference/support.h"
#include "tests/support/open_model.h"
#include "tests/support/temp_dir.h"
#include "tools/phantom/draw.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

constexpr std::uint16_t kRows = 512, kColumns = 420;

/// Findings and the patient's side: "nodule left".
using Seen = std::set<std::string>;

Seen truth_of(const phantom::Phantom& drawn) {
    Seen seen;
    for (const auto& lesion : drawn.lesions) {
        seen.insert(fmt::format("{} {}", phantom::key(lesion.finding),
                                lesion.side == phantom::Side::left ? "left" : "right"));
    }
    return seen;
}

Seen seen_in(const ImageResult& result) {
    Seen seen;
    for (const auto& finding : result.findings) {
        if (finding.answer != Answer::present) continue;
        if (finding.regions.empty()) seen.insert(finding.key);
        for (const auto& region : finding.regions) {
            seen.insert(
                fmt::format("{} {}", finding.key, region.side == Side::left ? "left" : "right"));
        }
    }
    return seen;
}

const std::vector<phantom::Phantom>& patients() {
    using phantom::Finding;
    static const std::vector<phantom::Phantom> drawn = [] {
        const std::vector<std::pair<std::uint64_t, std::vector<Finding>>> wanted{
            {103, {Finding::nodule}},
            {102, {Finding::pneumothorax}},
            {104, {Finding::pneumonia}},
            {102, {}}};
        std::vector<phantom::Phantom> made;
        for (const auto& [seed, lesions] : wanted) {
            made.push_back(phantom::draw(phantom::random_recipe(seed, kRows, kColumns, lesions)));
        }
        return made;
    }();
    return drawn;
}

/// Analyses every patient in a form, and counts the verdicts.
class Matrix {
public:
    Matrix() : shelf_({write_open_model(dir_ / "model")}, ModelOptions{"cpu", 1}) {}

    /// `bits` and `low`: the range of the values; `form` makes the file's odd side.
    void cell(const std::string& name, unsigned bits, int low,
              const std::function<void(Recipe&)>& form) {
        bool is_inverse = false;  // every second one is MONOCHROME1
        for (const auto& drawn : patients()) {
            Recipe recipe;
            recipe.rows = kRows;
            recipe.columns = kColumns;
            recipe.photometric = is_inverse ? "MONOCHROME1" : "MONOCHROME2";
            for (const float shown : drawn.pixels) {
                const double grey = is_inverse ? 1 - double{shown} : double{shown};
                const double value = grey * ((1U << bits) - 1) + low;
                recipe.samples.push_back(static_cast<std::uint16_t>(std::lround(value)));
            }
            recipe.stored = static_cast<std::uint16_t>(bits);
            form(recipe);
            judge(name, recipe, truth_of(drawn));
            is_inverse = !is_inverse;
        }
    }
    void report(const char* what) const {
        std::cout << what << ": " << right_ + none_ << " images, " << right_ << " right, " << none_
                  << " not analysed\n";
        CHECK(right_ > 9 * none_);
    }

private:
    void judge(const std::string& name, const Recipe& recipe, const Seen& truth) {
        write_dicom(dir_ / "image.dcm", recipe);
        const ImageResult result = examine(dir_ / "image.dcm", shelf_, 0);
        const Seen seen = seen_in(result);
        INFO(name << ": saw " << fmt::format("{}", seen) << ", drawn " << fmt::format("{}", truth)
                  << "; " << result.window
                  << (result.reason ? "; " + result.reason->text : std::string()));
        if (result.verdict == Verdict::not_analysed) {
            ++none_;
            return;
        }
        CHECK(result.verdict != Verdict::failed);
        CHECK(seen == truth);
        ++right_;
    }

    TempDir dir_;
    Shelf shelf_;
    std::size_t right_ = 0, none_ = 0;
};

void put_window(DcmDataset& dataset, double center, double width) {
    dataset.putAndInsertString(DCM_WindowCenter, fmt::format("{}", center).c_str());
    dataset.putAndInsertString(DCM_WindowWidth, fmt::format("{}", width).c_str());
}

void put_voi_lut(DcmDataset& dataset, unsigned says, unsigned top) {
    std::vector<Uint16> entries(4096);
    for (unsigned i = 0; i < 4096; ++i) entries[i] = static_cast<Uint16>(top * i / 4095);
    DcmItem* item = nullptr;
    dataset.findOrCreateSequenceItem(DCM_VOILUTSequence, item);
    const Uint16 descriptor[] = {4096, 0, static_cast<Uint16>(says)};
    item->putAndInsertUint16Array(DCM_LUTDescriptor, descriptor, 3);
    item->putAndInsertUint16Array(DCM_LUTData, entries.data(), entries.size());
}

}  // namespace

TEST_CASE("VOI LUT descriptor x entries: no wrong finding, none lost", "[inference][claims]") {
    Matrix matrix;
    for (const unsigned says : {8U, 12U, 14U, 16U}) {
        for (const unsigned top :
             {255U, 1023U, 1200U, 2100U, 2500U, 3000U, 4095U, 5000U, 16383U, 40000U, 65535U}) {
            matrix.cell(fmt::format("descriptor of {} bits, entries up to {}", says, top), 12, 0,
                        [&](Recipe& recipe) {
                            recipe.edit = [=](DcmDataset& d) { put_voi_lut(d, says, top); };
                        });
        }
    }
    matrix.report("VOI LUT descriptor x entries");
}

TEST_CASE("window x range in use: no wrong finding, none lost", "[inference][claims]") {
    Matrix matrix;
    for (const unsigned bits : {8U, 12U, 16U}) {
        for (const double width : {256., 2048., 4096., 6144., 8192., 10000., 16384., 65536.}) {
            for (const double center : {0., 0.25, 0.5, 1.0}) {
                matrix.cell(
                    fmt::format("window {}/{}, values of {} bits", center * width, width, bits),
                    bits, 0, [&](Recipe& recipe) {
                        recipe.stored = 16;
                        recipe.edit = [=](DcmDataset& d) { put_window(d, center * width, width); };
                    });
            }
        }
    }
    matrix.report("window x range in use");
}

TEST_CASE("High Bit x alignment x Bits Stored: no wrong finding, none lost",
          "[inference][claims]") {
    Matrix matrix;
    for (const int high_bit : {9, 11, 12, 13, 15}) {
        for (const unsigned stored : {8U, 10U, 12U}) {
            for (const unsigned shift : {0U, 2U, 4U}) {
                if (high_bit + 1 < static_cast<int>(stored)) continue;
                matrix.cell(fmt::format("{} bits up to bit {}, values of 12 bits from bit {}",
                                        stored, high_bit, shift),
                            12, 0, [&](Recipe& recipe) {
                                recipe.stored = static_cast<std::uint16_t>(stored);
                                recipe.high_bit = high_bit;
                                for (auto& cell : recipe.samples) {
                                    cell = static_cast<std::uint16_t>(cell << shift);
                                }
                                recipe.edit = [](DcmDataset& d) { put_window(d, 2048, 4096); };
                            });
            }
        }
    }
    matrix.report("High Bit x alignment x Bits Stored");
}

TEST_CASE("sign of stream x header x values: no wrong finding, none lost", "[inference][claims]") {
    Matrix matrix;
    for (const char* syntax :
         {kExplicitLittle, kRle, kJpegLosslessSv1, kJpegLsLossless, kJpeg2000Lossless}) {
        for (const bool in_stream : {false, true}) {
            for (const int header : {0, 1}) {
                for (const int low : {0, -2048}) {
                    matrix.cell(fmt::format("{}, stream {}, header {}, values from {}", syntax,
                                            in_stream, header, low),
                                12, low, [&](Recipe& recipe) {
                                    recipe.syntax = syntax;
                                    recipe.is_signed = in_stream;
                                    for (auto& cell : recipe.samples) cell &= 0xFFFU;
                                    recipe.edit_last = true;
                                    recipe.edit = [=](DcmDataset& d) {
                                        d.putAndInsertUint16(DCM_PixelRepresentation,
                                                             static_cast<Uint16>(header));
                                        put_window(d, 2048 + low, 4096);
                                    };
                                });
                }
            }
        }
    }
    matrix.report("sign of stream x header x values");
}

TEST_CASE("the files made after reports of other systems get the verdict of their originals",
          "[inference][claims][samples]") {
    const auto cases = shared_folder() / "cases";
    if (!std::filesystem::is_directory(cases)) {
        std::cout << "skipped: no shared folder with cases\n";
        return;
    }
    const TempDir dir;
    const Shelf shelf({write_open_model(dir / "model")}, ModelOptions{"cpu", 1});
    const auto [file, seen] =
        GENERATE(table<const char*, const char*>({{"REF-nodule", "nodule left"},
                                                  {"F02-voilut-says16-has12", "nodule left"},
                                                  {"F03-window-32768-65536", "nodule left"},
                                                  {"F03d-window-2048-16384", "pneumothorax right"},
                                                  {"F31-photometric-lower-case", "nodule left"}}));
    CAPTURE(file);
    CHECK(seen_in(examine(cases / (std::string(file) + ".dcm"), shelf, 0)) == Seen{seen});
}
