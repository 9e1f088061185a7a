// SPDX-License-Identifier: Apache-2.0
// Objects that come with a study and that no model reads: taken, not kept, noted (scp.ignore).
#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>

#include "conf/dicom/ignored_classes.h"
#include "storage/journal.h"
#include "storage/site.h"
#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/wire_client.h"

using namespace bucky;
using namespace bucky::test;

namespace {

constexpr int kAccepted = 2, kRefusedContext = 3;
constexpr auto kDoseSr = "1.2.840.10008.5.1.4.1.1.88.67";
constexpr auto kCt = "1.2.840.10008.5.1.4.1.1.2";

std::optional<int> sent(const TestFrontDoor& door, const std::string& sop_class,
                        const std::string& sop_instance = "1.2.826.0.1.3680043.9.1.77") {
    WireClient client(door.port());
    if (client.associate({sop_class, kExplicitLittleEndian}) != kAccepted) return std::nullopt;
    const auto file = write_image(door.dir() / "object.dcm",
                                  {.sop_class = sop_class, .sop_instance = sop_instance});
    const auto status = client.store(sop_instance, dataset_bytes(file));
    client.release();
    return status;
}

std::vector<storage::JournalEntry> journal_of(const TestFrontDoor& door) {
    const SystemClock clock;
    storage::Database db = storage::Site{door.settings().node.data_dir}.open();
    return storage::Journal(db, clock).of_study(ImageOf{}.study);
}

std::size_t spooled(const TestFrontDoor& door) {
    const std::filesystem::recursive_directory_iterator all{door.settings().spool_dir()};
    return static_cast<std::size_t>(
        std::count_if(begin(all), end(all), [](const auto& one) { return one.is_regular_file(); }));
}

}  // namespace

TEST_CASE("what a PACS pushes with a study is answered with success and not kept",
          "[scp][ignore]") {
    const TestFrontDoor door;
    const std::string classes[] = {kDoseSr,
                                   std::string{sop_class::kGrayscalePresentation},
                                   std::string{sop_class::kKeyObjectSelection},
                                   std::string{sop_class::kEncapsulatedPdf},
                                   std::string{sop_class::kSegmentation},
                                   std::string{sop_class::kComprehensive3dSr},
                                   "1.2.840.10008.5.1.4.1.1.66"};
    for (const auto& one : classes) {
        CAPTURE(one);
        CHECK(sent(door, one) == 0x0000);
    }
    CHECK(sent(door, classes[0], "1.2.826.0.1.3680043.9.1.78") == 0x0000);
    CHECK(spooled(door) == 0);

    const auto journal = journal_of(door);
    CHECK(journal.size() == std::size(classes));
    const auto dose = std::find_if(journal.begin(), journal.end(), [](const auto& entry) {
        return entry.words.starts_with("X-Ray Radiation Dose SR from ");
    });
    REQUIRE(dose != journal.end());
    CHECK(dose->event == "instance.ignored");
    CHECK(dose->times == 2);
}

TEST_CASE("an image between ignored objects is kept", "[scp][ignore]") {
    TestFrontDoor door;
    CHECK(sent(door, kDoseSr) == 0x0000);
    CHECK(sent(door, kCr, ImageOf{}.sop_instance) == 0x0000);
    CHECK(sent(door, kDoseSr, "1.2.826.0.1.3680043.9.1.78") == 0x0000);
    CHECK(door.kept().size() == 1);
}

TEST_CASE("an object without a data set that can be read is ignored, too", "[scp][ignore]") {
    const TestFrontDoor door;
    WireClient client(door.port());
    REQUIRE(client.associate({kDoseSr, kExplicitLittleEndian}) == kAccepted);
    const std::vector<std::uint8_t> junk(100, 0x55);
    CHECK(client.store("1.2.3.4", junk) == 0x0000);
    CHECK(spooled(door) == 0);
    CHECK(journal_of(door).empty());
}

TEST_CASE("an empty list refuses them, and a list may name others", "[scp][ignore]") {
    const TestFrontDoor strict([](conf::Settings& settings) { settings.scp.ignore.clear(); });
    CHECK_FALSE(sent(strict, kDoseSr).has_value());
    TestFrontDoor with_ct([](conf::Settings& settings) { settings.scp.ignore = {"CT"}; });
    CHECK(sent(with_ct, kCt) == 0x0000);
    CHECK(with_ct.kept().empty());
    CHECK_FALSE(sent(with_ct, kDoseSr).has_value());
    TestFrontDoor usual;
    CHECK(sent(usual, kCt) == 0x0000);
    CHECK(usual.kept().size() == 1);  // an image that was answered is kept
}

TEST_CASE("no class that may carry a chest X-ray is ignored unless the config names it",
          "[scp][ignore]") {
    const conf::Settings usual;
    for (const auto& row : kImageClasses) {
        CAPTURE(row.name);
        CHECK_FALSE(is_ignored(usual.scp.ignore, row.uid));
    }
    for (const auto& row : kOtherClasses) {
        CAPTURE(row.name);
        CHECK(is_ignored(usual.scp.ignore, row.uid));
    }
    for (const auto& row : kImageModalities) {
        CAPTURE(row.uid);
        REQUIRE(find_image_class(row.uid) != nullptr);
        CHECK_FALSE(find_image_class(row.uid)->analysed);
    }
    for (const auto* word : {"CR", "DX", "1.2.840.10008.5.1.4.1.1.1", "XA", "SC", "1.2.3", ""}) {
        CAPTURE(word);
        CHECK_FALSE(is_ignorable(word));
    }
    CHECK(is_ignorable(sop_class::kSecondaryCapture));
}
