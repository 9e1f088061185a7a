// SPDX-License-Identifier: Apache-2.0
// Tables whose descriptor and entries contradict each other: the entries decide.
#include <algorithm>
#include <cmath>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "inference/pixels/grey.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

using Entries = std::vector<std::uint16_t>;

/// Entries that rise to `top`.
Entries rising(std::size_t count, unsigned top) {
    Entries entries(count);
    for (std::size_t i = 0; i < count; ++i) {
        entries[i] = static_cast<std::uint16_t>(top * i / (count - 1));
    }
    return entries;
}

struct Descriptor {
    std::uint16_t count = 4096, first = 0, bits = 12;
};

DcmItem& put_descriptor(DcmItem& dataset, const DcmTagKey& sequence, const Descriptor& says) {
    DcmItem* item = nullptr;
    dataset.findOrCreateSequenceItem(sequence, item);
    const Uint16 descriptor[] = {says.count, says.first, says.bits};
    item->putAndInsertUint16Array(DCM_LUTDescriptor, descriptor, 3);
    if (sequence == DCM_ModalityLUTSequence) item->putAndInsertString(DCM_ModalityLUTType, "US");
    return *item;
}

std::function<void(DcmDataset&)> table(const DcmTagKey& sequence, const Descriptor& says,
                                       const Entries& entries) {
    return [=](DcmDataset& dataset) {
        put_descriptor(dataset, sequence, says)
            .putAndInsertUint16Array(DCM_LUTData, entries.data(), entries.size());
    };
}

/// The image of a 12-bit picture of gradients with these elements.
Image with(const std::function<void(DcmDataset&)>& edit, bool is_signed = false) {
    const TempDir dir;
    Recipe recipe;
    recipe.rows = recipe.columns = 128;
    recipe.is_signed = is_signed;
    recipe.samples = gradients(recipe);
    for (auto& sample : recipe.samples) {
        if (is_signed) sample = static_cast<std::uint16_t>((sample - 2048) & 0xFFF);
    }
    recipe.edit = edit;
    write_dicom(dir / "image.dcm", recipe);
    return decode(dir / "image.dcm");
}

/// The grey, 0..1, of a stored value in the middle of the scale.
double middle_of(const Image& image, std::size_t pattern = 2048) {
    return display_values(image.frame, image.grey, image.hidden).values[pattern];
}

}  // namespace

TEST_CASE("the output of a VOI LUT is scaled by what its entries use", "[inference][grey]") {
    const auto [says, bits] = GENERATE(table<int, int>(
        {{16, 12}, {16, 10}, {16, 8}, {14, 12}, {12, 10}, {8, 12}, {10, 16}, {0, 12}, {12, 12}}));
    CAPTURE(says, bits);
    const auto image = with(table(DCM_VOILUTSequence, {4096, 0, static_cast<std::uint16_t>(says)},
                                  rising(4096, (1U << bits) - 1)));
    REQUIRE(image.grey.voi_lut.has_value());
    CHECK(image.grey.replaced.empty());
    CHECK(image.grey.voi_lut->bits == static_cast<unsigned>(bits));
    CHECK(middle_of(image) == Approx(0.5).margin(0.01));
    CHECK((image.grey.view.find("not ") != std::string::npos) == (says != bits));
}

TEST_CASE("entries that end between two numbers of bits fill the scale", "[inference][grey]") {
    const unsigned top = GENERATE(300U, 1100U, 2100U, 3000U, 3600U, 5000U, 40000U);
    CAPTURE(top);
    const auto image = with(table(DCM_VOILUTSequence, {4096, 0, 16}, rising(4096, top)));
    REQUIRE(image.grey.voi_lut.has_value());
    CHECK(middle_of(image, 4095) == Approx(1).margin(0.1));
    CHECK(image.use.reach > 0.8);
}

TEST_CASE("a VOI LUT of 65536 entries has 0 in its descriptor", "[inference][grey]") {
    const auto image = with(table(DCM_VOILUTSequence, {0, 0, 16}, [] {
        Entries entries = rising(4096, 65535);
        entries.resize(65536, 65535);
        return entries;
    }()));
    REQUIRE(image.grey.voi_lut.has_value());
    CHECK(image.grey.voi_lut->entries.size() == 65536);
    CHECK(middle_of(image) == Approx(0.5).margin(0.01));
}

TEST_CASE("entries whose bytes were exchanged are put in order", "[inference][grey]") {
    Entries entries = rising(4096, 4095);
    for (auto& entry : entries) entry = static_cast<std::uint16_t>(entry << 8U | entry >> 8U);
    const auto image = with(table(DCM_VOILUTSequence, {}, entries));
    REQUIRE(image.grey.voi_lut.has_value());
    CHECK(middle_of(image) == Approx(0.5).margin(0.01));
    CHECK_THAT(image.grey.view, Catch::Contains("bytes of each entry exchanged"));
}

TEST_CASE("LUT Data of any VR is read", "[inference][grey]") {
    const Entries entries = rising(4096, 4095);
    const auto vr = GENERATE(EVR_US, EVR_SS, EVR_OW, EVR_OB, EVR_UN);
    CAPTURE(DcmVR(vr).getVRName());
    const auto image = with([&](DcmDataset& dataset) {
        DcmItem& item = put_descriptor(dataset, DCM_VOILUTSequence, {});
        const DcmTag tag(DCM_LUTData, DcmVR(vr));
        DcmElement* element = nullptr;
        if (vr == EVR_US) element = new DcmUnsignedShort(tag);
        if (vr == EVR_SS) element = new DcmSignedShort(tag);
        if (element == nullptr) element = new DcmOtherByteOtherWord(tag);
        const auto* bytes = reinterpret_cast<const Uint8*>(entries.data());
        if (vr == EVR_US || vr == EVR_OW) {
            element->putUint16Array(entries.data(), entries.size());
        } else if (vr == EVR_SS) {
            element->putSint16Array(reinterpret_cast<const Sint16*>(entries.data()),
                                    entries.size());
        } else {
            element->putUint8Array(bytes, 2 * entries.size());
        }
        item.insert(element, OFTrue);
    });
    REQUIRE(image.grey.voi_lut.has_value());
    CHECK(middle_of(image) == Approx(0.5).margin(0.01));
}

TEST_CASE("entries of bytes are unpacked, whatever the descriptor says of their bits",
          "[inference][grey]") {
    Entries words(2048);
    for (unsigned i = 0; i < 4096; ++i) {
        words[i / 2] = static_cast<std::uint16_t>(words[i / 2] | (i * 255 / 4095) << (i % 2 * 8));
    }
    const auto bits = GENERATE(std::uint16_t{8}, std::uint16_t{16});
    const auto image = with(table(DCM_VOILUTSequence, {4096, 0, bits}, words));
    REQUIRE(image.grey.voi_lut.has_value());
    CHECK(image.grey.voi_lut->bits == 8);
    CHECK(middle_of(image) == Approx(0.5).margin(0.01));
}

TEST_CASE("a table is used as far as it has entries", "[inference][grey]") {
    SECTION("fewer than its descriptor says, and values behind them: another view") {
        const auto image = with(table(DCM_VOILUTSequence, {}, rising(2048, 4095)));
        CHECK_FALSE(image.grey.voi_lut.has_value());
        CHECK_THAT(image.grey.view, Catch::Contains("percentiles"));
        CHECK_THAT(image.grey.replaced,
                   Catch::Contains("2048 entries, not 4096") && Catch::Contains("lacks entries"));
    }
    SECTION("fewer than its descriptor says, none of them missing") {
        const auto image = with(table(DCM_VOILUTSequence, {8192, 0, 12}, rising(4096, 4095)));
        CHECK(image.grey.voi_lut.has_value());
    }
    SECTION("more than its descriptor says") {
        const auto image = with(table(DCM_VOILUTSequence, {256, 0, 12}, rising(4096, 4095)));
        REQUIRE(image.grey.voi_lut.has_value());
        CHECK(middle_of(image) == Approx(0.5).margin(0.01));
    }
    SECTION("a Modality LUT that lacks entries leaves the values without meaning") {
        CHECK(error_of([] {
                  with(table(DCM_ModalityLUTSequence, {}, rising(2048, 4095)));
              }).fault() == Fault::bad_input);
    }
    SECTION("a VOI LUT of zeros") {
        const auto image = with(table(DCM_VOILUTSequence, {}, Entries(4096)));
        CHECK_THAT(image.grey.view, Catch::Contains("percentiles"));
    }
}

TEST_CASE("the first input of a table is read with the sign that meets the values",
          "[inference][grey]") {
    SECTION("written as signed, values unsigned and above it: unsigned") {
        // 40000 is -25536 for a reader that takes every first input for signed (dcm4che#1521).
        const auto image = with([](DcmDataset& dataset) {
            dataset.putAndInsertString(DCM_RescaleIntercept, "40000");
            table(DCM_VOILUTSequence, {4096, 40000, 12}, rising(4096, 4095))(dataset);
        });
        REQUIRE(image.grey.voi_lut.has_value());
        CHECK(image.grey.voi_lut->first == 40000);
        CHECK(middle_of(image) == Approx(0.5).margin(0.01));
    }
    SECTION("negative, although the rescaled values cannot be negative by the header") {
        const auto image = with(
            [](DcmDataset& dataset) {
                dataset.putAndInsertString(DCM_RescaleIntercept, "2048");
                table(DCM_VOILUTSequence, {4096, 0, 12}, rising(4096, 4095))(dataset);
            },
            true);
        REQUIRE(image.grey.voi_lut.has_value());
        CHECK(middle_of(image, 0) == Approx(0.5).margin(0.01));
    }
    SECTION("of a Modality LUT") {
        const auto first = static_cast<std::uint16_t>(-2048);
        const auto image = with(
            [&](DcmDataset& dataset) {
                table(DCM_ModalityLUTSequence, {4096, first, 16}, rising(4096, 65535))(dataset);
                dataset.putAndInsertString(DCM_WindowCenter, "32768");
                dataset.putAndInsertString(DCM_WindowWidth, "65536");
            },
            true);
        CHECK(image.grey.modality_lut->first == -2048);
        CHECK(middle_of(image, 0) == Approx(0.5).margin(0.02));
    }
}

TEST_CASE("words of the grey rules are read in lower case, too", "[inference][grey]") {
    const TempDir dir;
    Recipe recipe;
    recipe.photometric = "monochrome1";
    recipe.edit = [](DcmDataset& dataset) {
        dataset.putAndInsertString(DCM_WindowCenter, "2048");
        dataset.putAndInsertString(DCM_WindowWidth, "2048");
        dataset.putAndInsertString(DCM_VOILUTFunction, "sigmoid");
    };
    write_dicom(dir / "image.dcm", recipe);
    const Image image = decode(dir / "image.dcm");
    CHECK(image.grey.inverse);
    REQUIRE(image.grey.window.has_value());
    CHECK(image.grey.window->function == Window::Function::sigmoid);
}
