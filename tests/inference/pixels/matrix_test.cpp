// SPDX-License-Identifier: Apache-2.0
// The whole product of transfer syntax x photometric interpretation x bits x sign x kind of LUT,
// with a phantom. Stored values are compared with the input and with pydicom and GDCM; display
// values with DCMTK's DicomImage if it has the rule, else with the formula of the standard.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "tests/inference/judge.h"
#include "tests/inference/support.h"
#include "tools/phantom/draw.h"
#include "tools/phantom/pixels.h"
#include "tools/phantom/write.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

constexpr int kSide = 64;

struct Syntax {
    const char* uid;
    unsigned bits_max = 16;
    bool lossy = false;
};

constexpr Syntax kSyntaxes[] = {
    {kImplicitLittle},
    {kExplicitLittle},
    {kBigEndian},
    {kDeflated},
    {kRle},
    {kJpegBaseline, 8, true},
    {kJpegExtended, 12, true},
    {kJpegLossless14},
    {kJpegLosslessSv1},
    {kJpegLsLossless},
    {kJpegLsNear, 16, true},
    {kJpeg2000Lossless},
    {kJpeg2000, 16, true},
    {kHtj2kLossless},
    {kHtj2kRpclLossless},
    {kHtj2k, 16, true},
};

/// pydicom and GDCM do not know HTJ2K, and DCMTK no JPEG 2000: htj2k_test.cpp has another judge.
bool is_htj2k(const Syntax& syntax) {
    return std::string(syntax.uid).starts_with("1.2.840.10008.1.2.4.20");
}

/// How much a lossy codec at the tests' quality may change a stored value, of full scale.
double tolerance_of(const Syntax& syntax, unsigned bits) {
    if (!syntax.lossy) return 0;
    if (std::string(syntax.uid) == kJpegLsNear) return 2;  // NEAR
    return 0.05 * (1U << bits);
}

/// The values of the phantom in `bits`; signed ones are centred at 0.
std::vector<std::uint16_t> stored_phantom(unsigned bits, bool is_signed) {
    static const auto drawn = phantom::draw(phantom::random_recipe(11, kSide, kSide));
    const auto top = static_cast<float>((1U << bits) - 1);
    const unsigned sign = is_signed ? 1U << (bits - 1) : 0;
    std::vector<std::uint16_t> samples;
    for (const float value : drawn.pixels) {
        const auto number = static_cast<unsigned>(std::lround(value * top));
        samples.push_back(static_cast<std::uint16_t>((number - sign) & ((1U << bits) - 1)));
    }
    return samples;
}

void put_table(DcmItem& dataset, const DcmTagKey& sequence, int first, std::uint16_t bits,
               std::size_t count, bool falling) {
    std::vector<Uint16> entries(count);
    for (std::size_t i = 0; i < count; ++i) {
        const double x = static_cast<double>(i) / static_cast<double>(count - 1);
        const double y = 0.5 - 0.5 * std::cos(3.14159265358979 * x);
        entries[i] = static_cast<Uint16>(std::lround(((1U << bits) - 1) * (falling ? 1 - y : y)));
    }
    DcmItem* item = nullptr;
    dataset.findOrCreateSequenceItem(sequence, item);
    const Uint16 descriptor[] = {static_cast<Uint16>(count), static_cast<Uint16>(first), bits};
    item->putAndInsertUint16Array(DCM_LUTDescriptor, descriptor, 3);
    if (sequence == DCM_ModalityLUTSequence) item->putAndInsertString(DCM_ModalityLUTType, "US");
    item->putAndInsertUint16Array(DCM_LUTData, entries.data(), entries.size());
}

void put_window(DcmItem& dataset, double center, double width, const char* function = nullptr) {
    dataset.putAndInsertString(DCM_WindowCenter, fmt::format("{}", center).c_str());
    dataset.putAndInsertString(DCM_WindowWidth, fmt::format("{}", width).c_str());
    if (function != nullptr) dataset.putAndInsertString(DCM_VOILUTFunction, function);
}

/// The elements of a kind of LUT, for values from `low` that span `span`.
struct LutKind {
    const char* name;
    bool dcmtk_has_it;
    std::function<void(DcmItem&, double low, double span)> put;
};

void put_rescale(DcmItem& dataset, const char* slope, const char* intercept) {
    dataset.putAndInsertString(DCM_RescaleSlope, slope);
    dataset.putAndInsertString(DCM_RescaleIntercept, intercept);
}

const std::vector<LutKind>& lut_kinds() {
    static const std::vector<LutKind> kinds{
        {"none", false, [](DcmItem&, double, double) {}},
        {"LINEAR", true,
         [](DcmItem& d, double low, double span) { put_window(d, low + span / 3, span / 2); }},
        {"LINEAR_EXACT", false,
         [](DcmItem& d, double low, double span) {
             put_window(d, low + span / 3, span / 2, "LINEAR_EXACT");
         }},
        {"SIGMOID", true,
         [](DcmItem& d, double low, double span) {
             put_window(d, low + span / 2, span / 2, "SIGMOID");
         }},
        {"negative slope", true,
         [](DcmItem& d, double low, double span) {
             put_rescale(d, "-2", "100");
             put_window(d, 100 - 2 * (low + span / 2), span);
         }},
        {"VOI LUT", true,
         [](DcmItem& d, double low, double span) {
             put_table(d, DCM_VOILUTSequence, static_cast<int>(low), 12,
                       static_cast<std::size_t>(std::min(span, 4096.0)), false);
         }},
        {"Modality LUT and window", true,
         [](DcmItem& d, double low, double span) {
             put_table(d, DCM_ModalityLUTSequence, static_cast<int>(low), 10,
                       static_cast<std::size_t>(std::min(span, 4096.0)), true);
             put_window(d, 500, 700);
         }},
        {"Modality LUT and VOI LUT", true,
         [](DcmItem& d, double low, double span) {
             put_table(d, DCM_ModalityLUTSequence, static_cast<int>(low), 10,
                       static_cast<std::size_t>(std::min(span, 4096.0)), false);
             put_table(d, DCM_VOILUTSequence, 0, 8, 1024, true);
         }},
    };
    return kinds;
}

/// One cell of the matrix, with its window.
struct Cell {
    const Syntax& syntax;
    unsigned bits;
    bool is_signed, monochrome1;
    const LutKind& lut;

    std::string name() const {
        return fmt::format("{} bits {} signed {} MONOCHROME{} {}", syntax.uid, bits, is_signed,
                           monochrome1 ? 1 : 2, lut.name);
    }
    Recipe recipe() const {
        Recipe recipe;
        recipe.rows = recipe.columns = kSide;
        recipe.stored = static_cast<std::uint16_t>(bits);
        recipe.allocated = bits == 8 ? 8 : 16;
        recipe.is_signed = is_signed;
        recipe.photometric = monochrome1 ? "MONOCHROME1" : "MONOCHROME2";
        recipe.syntax = syntax.uid;
        recipe.samples = stored_phantom(bits, is_signed);
        const double span = 1U << bits;
        const double low = is_signed ? -span / 2 : 0;
        recipe.edit_last = true;
        recipe.edit = [this, low, span](DcmDataset& dataset) { lut.put(dataset, low, span); };
        return recipe;
    }
};

double largest_difference(const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b,
                          const Frame& as) {
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        largest = std::max(largest, std::abs(double{1} * as.value(a[i]) - as.value(b[i])));
    }
    return largest;
}

/// LINEAR_EXACT by its formula (PS3.3 C.11.2.1.3.2): the pixels that differ by more than half a
/// level.
std::size_t off_the_formula(const Image& image, const GreyPicture& picture, double center,
                            double width) {
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
        const double x = image.frame.value(image.frame.patterns[i]);
        double y = std::clamp((x - center) / width + 0.5, 0.0, 1.0);
        if (image.grey.inverse) y = 1 - y;
        wrong += std::abs(y * 255 - picture.pixels[i]) > 0.501;
    }
    return wrong;
}

/// Every cell. Lossy codecs are left out where values are signed: DCMTK renders these before it
/// encodes them, so there are no stored values to compare.
void each_cell(const std::function<void(const Cell&)>& visit) {
    for (const Syntax& syntax : kSyntaxes) {
        for (const unsigned bits : {8U, 10U, 12U, 16U}) {
            const bool holds =
                bits <= syntax.bits_max && (std::string(syntax.uid) != kJpegExtended || bits != 10);
            if (!holds) continue;
            for (const bool is_signed : {false, true}) {
                if (is_signed && syntax.lossy) continue;
                for (const bool monochrome1 : {false, true}) {
                    for (const LutKind& lut : lut_kinds()) {
                        visit({syntax, bits, is_signed, monochrome1, lut});
                    }
                }
            }
        }
    }
}

}  // namespace

TEST_CASE("every combination of syntax, photometric, bits, sign and LUT kind is read correctly",
          "[inference][matrix]") {
    const TempDir dir;
    StoredValuesJudge judge;
    std::vector<double> tolerances;
    std::size_t cells = 0, rendered = 0;
    each_cell([&](const Cell& cell) {
        INFO(cell.name());
        const auto file = dir / fmt::format("{}.dcm", cells++);
        const Recipe recipe = cell.recipe();
        write_dicom(file, recipe);
        const Image image = decode(file);
        const double tolerance = tolerance_of(cell.syntax, cell.bits);
        CHECK(largest_difference(image.frame.patterns, recipe.samples, image.frame) <= tolerance);
        if (std::string(cell.lut.name) == "none" &&
            !is_htj2k(cell.syntax)) {  // stored values do not depend on the LUT
            judge.add(file, image.frame, cell.bits - 1);
            tolerances.push_back(cell.syntax.lossy ? std::max(2.0, tolerance / 10) : 0);
        }
        const GreyPicture picture = by_the_header(file);
        if (cell.lut.dcmtk_has_it) {
            const auto difference = difference_to_dcmtk(file, image, picture);
            const bool jpeg_2000 = std::string(cell.syntax.uid).ends_with(".4.90") ||
                                   std::string(cell.syntax.uid).ends_with(".4.91") ||
                                   is_htj2k(cell.syntax);
            if (!jpeg_2000) REQUIRE(difference.has_value());
            if (difference) {
                CHECK(*difference <= 1);
                ++rendered;
            }
        } else if (std::string(cell.lut.name) == "LINEAR_EXACT") {
            const Window& window = picture.rules.window.value();
            CHECK(off_the_formula(image, picture, window.center, window.width) == 0);
        }
    });
    const auto verdicts = judge.judge();
    REQUIRE(verdicts.size() == tolerances.size());
    std::size_t judged = 0;
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        INFO(verdicts[i].file << ": " << verdicts[i].words);
        if (!verdicts[i].difference) continue;
        CHECK(static_cast<double>(*verdicts[i].difference) <= tolerances[i]);
        ++judged;
    }
    std::cout << cells << " cells, " << rendered << " beside DicomImage, " << judged << " of "
              << verdicts.size() << " beside pydicom with GDCM\n";
    CHECK(cells > 1200);
    CHECK(rendered > 700);
    CHECK(judged > verdicts.size() * 9 / 10);
}

TEST_CASE("a phantom in JPEG 2000 has the values that were drawn, in every depth",
          "[inference][matrix]") {
    const TempDir dir;
    const auto drawn = phantom::draw(phantom::random_recipe(5, 330, 300));
    using enum phantom::TransferSyntax;
    for (const auto syntax :
         {jpeg_2000_lossless, jpeg_2000, htj2k_lossless, htj2k_rpcl_lossless, htj2k}) {
        for (int bits = 8; bits <= 16; ++bits) {
            INFO(phantom::describe(syntax).name << " " << bits);
            phantom::DicomOptions options;
            options.syntax = syntax;
            options.bits_stored = bits;
            options.monochrome1 = bits % 2 == 0;
            phantom::write_dicom(drawn, options, dir / "image.dcm");
            const Frame frame = decode(dir / "image.dcm").frame;
            const auto wanted = phantom::stored_values(drawn, options);
            const double off = largest_difference(frame.patterns, wanted, frame);
            CHECK(off <= (phantom::describe(syntax).lossy ? 0.03 * (1 << bits) : 0));
        }
    }
}
