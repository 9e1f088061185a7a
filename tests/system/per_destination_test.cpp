// SPDX-License-Identifier: Apache-2.0
// Each archive gets the classes that it accepts: DCMTK's storescp with a short list of SOP classes
// acts as an old PACS without Comprehensive 3D SR, or without reports, or without Secondary
// Capture.
#include <algorithm>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/judges.h"
#include "tests/support/orthanc.h"
#include "tests/support/part10.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/storescp.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;

namespace {

constexpr auto kComprehensive = "1.2.840.10008.5.1.4.1.1.88.33";
constexpr auto kEnhanced = "1.2.840.10008.5.1.4.1.1.88.22";
constexpr auto kBasicText = "1.2.840.10008.5.1.4.1.1.88.11";
constexpr auto kCr = "1.2.840.10008.5.1.4.1.1.1";
constexpr auto kRle = "1.2.840.10008.1.2.5";
constexpr auto kJpegLossless = "1.2.840.10008.1.2.4.70";
constexpr auto kPresentation = "1.2.840.10008.5.1.4.1.1.11.1";
constexpr auto kComprehensive3d = "1.2.840.10008.5.1.4.1.1.88.34";
constexpr auto kExplicit = "1.2.840.10008.1.2.1";

Xray a_nodule(const TempDir& dir, std::uint64_t seed) {
    return write_xray(dir.path(), {.seed = seed, .lesions = {phantom::Finding::nodule}});
}

/// The SOP classes that an archive holds; each object is validated.
std::vector<std::string> classes_of(const Storescp& archive, const Xray& xray) {
    std::vector<std::string> classes;
    for (const auto& file : archive.stored()) {
        const auto held = read_part10(file);
        REQUIRE(held);
        if (held->study != xray.uids.study_uid) continue;
        classes.push_back(held->sop_class);
        CHECK(dciodvfy_errors(file).empty());
        CHECK(mentions(file, xray.uids.sop_instance_uid));
        CHECK(mentions(file, "cxr-phantom"));
        CHECK(mentions(file, "1.1.0"));
    }
    std::sort(classes.begin(), classes.end());
    return classes;
}

bool comes_to(const Storescp& archive, const Xray& xray, std::vector<std::string> classes) {
    std::sort(classes.begin(), classes.end());
    return poll_until([&] { return archive.stored().size() >= classes.size(); }, 60s) &&
           classes_of(archive, xray) == classes;
}

/// The picture of an archive as a viewer shows it: DCMTK's dcmj2pnm decodes every syntax used here.
std::string painted(const Storescp& archive, const std::string& transfer_syntax,
                    const TempDir& dir) {
    for (const auto& file : archive.stored()) {
        const auto held = read_part10(file);
        CHECK(dciodvfy_errors(file).empty());
        if (held->sop_class != kSecondaryCapture) continue;
        CHECK(held->transfer_syntax == transfer_syntax);
        const auto out = dir / "painted.ppm";
        REQUIRE(run({"dcmj2pnm", "--write-raw-pnm", file.string(), out.string()}).status == 0);
        std::ifstream in{out, std::ios::binary};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
    return "no picture";
}

}  // namespace

TEST_CASE(
    "an archive without Comprehensive 3D SR gets the best class that it takes, and that is "
    "remembered",
    "[system][delivery]") {
    const TempDir dir;
    Storescp old{{kComprehensive, kEnhanced, kBasicText, kSecondaryCapture}};
    Orthanc pacs;
    RunningNode node{{.destinations = {pacs.destination(), old.destination()}}};
    const auto first = a_nodule(dir, 51);
    REQUIRE(node.store(first.file) == 0x0000);
    CHECK(comes_to(old, first, {kComprehensive, kSecondaryCapture}));
    CHECK(node.logged("deliver.made_again"));
    const auto results = pacs.wait_for_results(first.uids.study_uid, 1);
    CHECK(results.reports.size() == 1);
    CHECK(results.overlays.size() == 1);
    CHECK(pacs.instances(first.uids.study_uid).size() == 2);  // none for the other only

    node.restart();  // learned classes survive a restart
    const auto second = a_nodule(dir, 52);
    REQUIRE(node.store(second.file) == 0x0000);
    REQUIRE(poll_until([&] { return old.stored().size() == 4; }, 60s));
    CHECK(classes_of(old, second) == std::vector<std::string>{kSecondaryCapture, kComprehensive});
    CHECK(node.process().output().find("deliver.made_again") == std::string::npos);
    CHECK(old.said().find("Priority                      : low") == std::string::npos);
    CHECK(old.said().find("Priority                      : medium") != std::string::npos);
}

TEST_CASE("an archive of nothing but text and CR images gets both, and a restart sends no second",
          "[system][delivery]") {
    const TempDir dir;
    Storescp old{{kBasicText, kCr}};
    RunningNode node{{.destinations = {old.destination()}}};
    const auto xray = a_nodule(dir, 53);
    REQUIRE(node.store(xray.file) == 0x0000);
    CHECK(comes_to(old, xray, {kBasicText, kCr}));
    for (const auto& file : old.stored()) {
        if (read_part10(file)->sop_class == kBasicText) {
            CHECK(dsrdump(file).find("Lung nodule: detected") != std::string::npos);
            CHECK(pixelmed_sr_errors(file).empty());
        } else {
            CHECK(attribute(file, "0028,0004") == "MONOCHROME2");
            CHECK(attribute(file, "0008,0008").find("DERIVED") == 0);
        }
    }
    node.restart();
    REQUIRE(node.store(xray.file) == 0x0000);  // the same image: the archive has its results
    CHECK(node.logged("kept=again"));
    CHECK(old.stored().size() == 2);
}

TEST_CASE(
    "an archive gets the picture in the lossless syntax that it is configured for, if it "
    "takes it, with the same pixels",
    "[system][delivery]") {
    const TempDir dir;
    const std::vector<std::string> both{kSecondaryCapture, kComprehensive3d};
    Storescp plain{both}, rle{both, {kExplicit, kRle}}, jpeg{both, {kExplicit, kJpegLossless}};
    const auto named = [](Destination destination, const char* name) {
        destination.name = name;
        return destination;
    };
    RunningNode node{
        {.destinations = {
             named(plain.destination("picture_syntax = \"jpeg-lossless\"\n"), "plain"),
             named(rle.destination("picture_syntax = \"rle\"\n"), "rle"),
             named(jpeg.destination("picture_syntax = \"jpeg-lossless\"\n"), "jpeg")}}};
    const auto xray = a_nodule(dir, 54);
    REQUIRE(node.store(xray.file) == 0x0000);
    for (const auto* archive : {&plain, &rle, &jpeg}) {
        REQUIRE(poll_until([&] { return archive->stored().size() == 2; }, 60s));
    }
    const auto pixels = painted(plain, kExplicit, dir);  // no compressed picture
    CHECK(pixels.size() > 1'000'000);
    CHECK((painted(rle, kRle, dir) == pixels));
    CHECK((painted(jpeg, kJpegLossless, dir) == pixels));
}

TEST_CASE("a PACS that asks for presentation states gets one an image, and keeps it",
          "[system][delivery]") {
    const TempDir dir;
    Orthanc pacs;
    auto to = pacs.destination();
    to.more = "send = [\"sr\", \"presentation\"]\n";
    RunningNode node{{.destinations = {to}}};
    const auto xray = a_nodule(dir, 55);
    REQUIRE(dcmsend(pacs.dicom_port(), {xray.file}, "ORTHANC").all_accepted());
    REQUIRE(node.store(xray.file) == 0x0000);
    const auto& study = xray.uids.study_uid;
    REQUIRE(poll_until([&] { return pacs.instances(study).size() == 3; }, 60s));
    const auto states = pacs.instances(study, kPresentation);
    REQUIRE(states.size() == 1);
    CHECK(pacs.instances(study, kSecondaryCapture).empty());
    const auto file = pacs.file(states[0]);
    CHECK(dciodvfy_errors(file).empty());
    CHECK(mentions(file, xray.uids.sop_instance_uid));
    CHECK(run({"dcmpschk", file.string()}).output.find("passed") != std::string::npos);
    const auto shown = (dir / "shown.pgm").string();  // with the state applied
    CHECK(run({"dcmp2pgm", "-p", file.string(), xray.file.string(), shown}).status == 0);
    CHECK(std::filesystem::file_size(shown) > 100'000);
    CHECK(node.logged("deliver.sent"));
}

TEST_CASE("first contact with an archive of Basic Text SR and CR parks nothing",
          "[system][delivery]") {
    const TempDir dir;
    Storescp old{{kBasicText, kCr}};
    RunningNode node{{.destinations = {old.destination()}}};
    std::vector<Xray> xrays;
    for (const auto seed : {61U, 62U, 63U}) xrays.push_back(a_nodule(dir, seed));
    for (const auto& xray : xrays) REQUIRE(node.store(xray.file) == 0x0000);
    CHECK(poll_until([&] { return old.stored().size() >= 2 * xrays.size(); }, 60s));
    for (const auto& xray : xrays) {
        CHECK(classes_of(old, xray) == std::vector<std::string>{kCr, kBasicText});
    }
    const auto status = node.bucky({"status"});
    INFO(status.output);
    CHECK(status.status == 0);
}

TEST_CASE("an archive of nothing but CR images still gets the picture", "[system][delivery]") {
    const TempDir dir;
    Storescp old{{kCr}};
    RunningNode node{{.destinations = {old.destination()}}};
    const auto xray = a_nodule(dir, 56);
    REQUIRE(node.store(xray.file) == 0x0000);
    CHECK(comes_to(old, xray, {kCr}));
    // the log says that the report was not delivered
    CHECK(node.logged("deliver.refused"));
    CHECK(poll_until([&] { return node.bucky({"status"}).status == 1; }, 60s));
}

TEST_CASE("config check refuses a threshold for another version with file, line and reason",
          "[system][config]") {
    RunningNode node;
    std::ofstream{node.config_file(), std::ios::app}
        << "[[threshold]]\nmodel = \"cxr-phantom\"\nversion = \"0.9.0\"\nsha256 = \""
        << std::string(64, 'a') << "\"\nfinding = \"nodule\"\nvalue = 0.6\n";
    const auto checked = node.bucky({"config", "check"});
    CHECK(checked.status == 2);
    CHECK_THAT(checked.output,
               Catch::Contains("threshold.version: is for cxr-phantom 0.9.0, but cxr-phantom") &&
                   Catch::Contains("bucky.toml:"));
    CHECK(node.bucky({"serve"}).status == 2);
}
