// SPDX-License-Identifier: Apache-2.0
// Radiographs in forms that the standard allows and few devices use, or that it forbids and that
// have one meaning: the node finds in them what it finds in the plain form.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "inference/findings_json.h"
#include "tests/support/ledger.h"
#include "tests/support/places.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unknown_elements.h"
#include "tests/support/wire_client.h"
#include "tests/support/wrapped_deflations.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;

namespace {

constexpr auto kDeflated = "1.2.840.10008.1.2.1.99";
constexpr auto kJpegLossless = "1.2.840.10008.1.2.4.70";

struct Form {
    std::string_view what;
    std::string syntax;
    std::function<std::string(const Xray&)> dataset;
};

std::string plain(const Xray& xray) {
    const auto bytes = dataset_of(xray.file.string());
    return {bytes.begin(), bytes.end()};
}

/// With this element in front of the image's own group 0010.
std::string with(const Xray& xray, const std::string& element) {
    std::string bytes = plain(xray);
    const auto at = bytes.find(std::string("\x10\x00\x10\x00PN", 6));
    REQUIRE(at != std::string::npos);
    return bytes.insert(at, element);
}

std::string wrapped(const Xray& xray, std::string_view how) {
    for (auto& [what, bytes] : wrapped_deflations(plain(xray))) {
        if (what == how) return bytes + std::string(bytes.size() % 2, '\0');
    }
    FAIL("no such deflation: " << how);
    return {};
}

/// Without the end marker of its frame, at the end of the data set: FF D9, perhaps a padding byte,
/// the sequence's delimiter.
std::string without_end_marker(const Xray& xray) {
    std::string bytes = plain(xray);
    const auto at = bytes.rfind("\xFF\xD9");
    REQUIRE(at != std::string::npos);
    bytes[at] = bytes[at + 1] = 0;
    return bytes;
}

std::vector<Form> forms() {
    const auto unknown = [](const std::string& items) {
        return
            [=](const Xray& xray) { return with(xray, element_of(0x00091010, "UN", items, true)); };
    };
    const auto deflation = [](std::string_view how) {
        return [=](const Xray& xray) { return wrapped(xray, how); };
    };
    return {
        {"plain", kExplicitLittleEndian, plain},
        {"UN, explicit VR inside", kExplicitLittleEndian, unknown(item_of(explicit_chest()))},
        {"UN, implicit VR inside", kExplicitLittleEndian, unknown(item_of(implicit_chest(), true))},
        {"deflated behind a zlib header", kDeflated, deflation("zlib")},
        {"deflated behind a gzip header", kDeflated, deflation("gzip")},
        {"deflated, with trailing bytes", kDeflated, deflation("with trailing bytes")},
        {"JPEG without its end marker", kJpegLossless, without_end_marker},
    };
}

inference::ImageResult result_of(RunningNode& node, const std::string& sop_instance) {
    CHECK_FALSE(node.verdict_line(sop_instance).empty());
    const auto result = Ledger{node.data_dir()}.result_of(sop_instance);
    REQUIRE(result);
    return *result;
}

/// A value of the file meta information; the data set is not looked at.
std::string meta_value(const std::filesystem::path& file, const DcmTagKey& tag) {
    DcmFileFormat format;
    OFString value;
    REQUIRE(
        format.loadFile(file.c_str(), EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_metaOnly)
            .good());
    REQUIRE(format.getMetaInfo()->findAndGetOFString(tag, value).good());
    return value.c_str();
}

}  // namespace

TEST_CASE("an odd form of a radiograph has the findings of the plain form", "[system][bad-input]") {
    const TempDir dir;
    RunningNode node;
    std::vector<std::vector<double>> scores;
    for (const auto& form : forms()) {
        INFO(form.what);
        XrayOptions options{.seed = 41, .lesions = {phantom::Finding::nodule}};
        options.dicom.sop_instance_uid = "2.25.4100" + std::to_string(scores.size());
        if (form.syntax == kJpegLossless) {
            options.dicom.syntax = phantom::TransferSyntax::jpeg_lossless_first;
        }
        const auto xray = write_xray(dir.path(), options);
        const std::string dataset = form.dataset(xray);
        WireClient modality{node.dicom_port()};
        REQUIRE(modality.associate({kDxForPresentation, form.syntax}) == 2);
        CHECK(modality.store(xray.uids.sop_instance_uid, Bytes(dataset.begin(), dataset.end())) ==
              0x0000);
        modality.release();
        const auto result = result_of(node, xray.uids.sop_instance_uid);
        CHECK_FALSE(result.reason);
        auto& found = scores.emplace_back();
        for (const auto& finding : result.findings) found.push_back(finding.score);
        CHECK(found == scores.front());
        const bool said = std::ranges::any_of(result.warnings, [](const auto& warning) {
            return warning.key == "image.no_end_marker";
        });
        CHECK(said == (form.what == "JPEG without its end marker"));
    }
}

TEST_CASE("an image of an odd length costs itself, and the study goes on", "[system][bad-input]") {
    const TempDir dir;
    RunningNode node;
    const auto first = write_xray(dir.path(), {.seed = 5}),
               second = write_xray(dir.path(), {.seed = 6});
    auto odd = dataset_of(first.file.string());
    odd.pop_back();
    WireClient modality{node.dicom_port()};
    REQUIRE(modality.associate({kDxForPresentation, kExplicitLittleEndian}) == 2);
    CHECK(modality.store(first.uids.sop_instance_uid, odd) == 0xC000);
    CHECK(modality.store(second.uids.sop_instance_uid, dataset_of(second.file.string())) == 0x0000);
    modality.release();
    CHECK_FALSE(node.verdict_line(second.uids.sop_instance_uid).empty());
    CHECK(node.running());
}

TEST_CASE("the data sets of public bug reports are taken", "[system][bad-input][cases]") {
    const auto shared = shared_dir();
    if (!shared || !std::filesystem::is_directory(*shared / "cases")) return;
    RunningNode node;
    for (const auto* name :
         {"F19-UN-sequence-explicit-inside.dcm", "F20-deflate-with-zlib-header.dcm",
          "F23-jpeg-fragments-of-64-bytes.dcm", "F24-jpeg-without-EOI.dcm",
          "F25-jpegls-8bit-in-16.dcm"}) {
        INFO(name);
        const auto file = *shared / "cases" / name;
        const auto sop_instance = meta_value(file, DCM_MediaStorageSOPInstanceUID);
        WireClient modality{node.dicom_port()};
        REQUIRE(modality.associate({meta_value(file, DCM_MediaStorageSOPClassUID),
                                    meta_value(file, DCM_TransferSyntaxUID)}) == 2);
        CHECK(modality.store(sop_instance, dataset_of(file.string())) == 0x0000);
        modality.release();
        const auto result = result_of(node, sop_instance);
        CHECK_FALSE(result.reason);
        CHECK_FALSE(result.findings.empty());
    }
}
