// SPDX-License-Identifier: Apache-2.0
// The same patient in every dress a modality may send: transfer syntaxes, both polarities, 8 to 16
// bits. What is found must not depend on it.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "inference/examine.h"
#include "inference/findings_json.h"
#include "tests/support/places.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;

namespace {

constexpr int kRows = 1250, kColumns = 1024;

const inference::Finding* find(const inference::ImageResult& result, std::string_view key) {
    for (const auto& finding : result.findings) {
        if (finding.key == key) return &finding;
    }
    return nullptr;
}

bool is_side(inference::Side said, phantom::Side planted) {
    return said ==
           (planted == phantom::Side::right ? inference::Side::right : inference::Side::left);
}

/// The planted lesion is found: present, outlined where it is, on the right side.
bool finds(const inference::ImageResult& result, const Xray& xray) {
    const auto& planted = xray.lesions.front();
    const auto* finding = find(result, phantom::key(planted.finding));
    if (finding == nullptr || finding->answer != inference::Answer::present) return false;
    return std::any_of(finding->regions.begin(), finding->regions.end(), [&](const auto& region) {
        return is_side(region.side, planted.side) && overlap(planted, region, kRows, kColumns) > 0;
    });
}

class Reader {
public:
    inference::ImageResult read(const std::filesystem::path& file) const {
        return inference::examine(file, shelf_, 0);
    }

    /// A patient whose lesion the model finds in the plainest dress; no model finds every one.
    std::optional<XrayOptions> patient_with(phantom::Finding lesion, const TempDir& dir) const {
        for (std::uint64_t seed = 41; seed < 51; ++seed) {
            XrayOptions options{.seed = seed, .lesions = {lesion}};
            options.rows = kRows;
            options.columns = kColumns;
            const auto xray = write_xray(dir.path(), options);
            if (finds(read(xray.file), xray)) return options;
        }
        return std::nullopt;
    }

private:
    inference::Shelf shelf_{{phantom_model()}, {"cpu", 0}};
};

void check_same(const inference::ImageResult& result, const inference::ImageResult& plain,
                double tolerance) {
    REQUIRE(result.findings.size() == plain.findings.size());
    for (std::size_t at = 0; at < plain.findings.size(); ++at) {
        INFO(plain.findings[at].key << " " << result.findings[at].score << " instead of "
                                    << plain.findings[at].score);
        CHECK(result.findings[at].answer == plain.findings[at].answer);
        CHECK(std::abs(result.findings[at].score - plain.findings[at].score) <= tolerance);
    }
}

/// JPEG Extended has 8 or 12 bits and nothing between (PS3.5 8.2.1); the others any up to theirs.
bool holds(const phantom::TransferSyntaxName& syntax, int bits) {
    if (syntax.syntax == phantom::TransferSyntax::jpeg_extended) return bits == 8 || bits == 12;
    return bits <= syntax.most_bits;
}

/// This patient in one dress, against the same in the plainest.
void check_dress(const Reader& reader, const TempDir& dir, XrayOptions options,
                 const inference::ImageResult& plain) {
    const auto& syntax = phantom::describe(options.dicom.syntax);
    INFO(syntax.name << ", " << options.dicom.bits_stored << " bits, MONOCHROME"
                     << (options.dicom.monochrome1 ? 1 : 2));
    const auto xray = write_xray(dir.path(), options);
    const auto result = reader.read(xray.file);
    CHECK(finds(result, xray));
    check_same(result, plain, syntax.lossy ? 0.05 : 0.02);
}

}  // namespace

TEST_CASE("findings do not depend on transfer syntax, polarity or bit depth",
          "[system][invariance]") {
    const TempDir dir;
    const Reader reader;
    const auto options = reader.patient_with(phantom::Finding::nodule, dir);
    REQUIRE(options);
    const auto plain = reader.read(write_xray(dir.path(), *options).file);
    for (const auto& syntax : phantom::transfer_syntaxes()) {
        for (const bool monochrome1 : {false, true}) {
            for (const int bits : {8, 10, 12, 14, 16}) {
                if (!holds(syntax, bits)) continue;
                auto dressed = *options;
                dressed.dicom.syntax = syntax.syntax;
                dressed.dicom.bits_stored = bits;
                dressed.dicom.monochrome1 = monochrome1;
                check_dress(reader, dir, dressed, plain);
            }
        }
    }
}

TEST_CASE("each finding is found in every transfer syntax", "[system][invariance]") {
    const TempDir dir;
    const Reader reader;
    for (const auto lesion : phantom::kFindings) {
        INFO(phantom::key(lesion));
        const auto options = reader.patient_with(lesion, dir);
        REQUIRE(options);
        const auto plain = reader.read(write_xray(dir.path(), *options).file);
        for (const auto& syntax : phantom::transfer_syntaxes()) {
            auto dressed = *options;
            dressed.dicom.syntax = syntax.syntax;
            dressed.dicom.bits_stored = std::min(12, syntax.most_bits);
            check_dress(reader, dir, dressed, plain);
        }
    }
}

TEST_CASE("every transfer syntax is taken over the wire and read", "[system][invariance]") {
    const TempDir dir;
    RunningNode node;
    std::uint64_t seed = 60;
    for (const auto& syntax : phantom::transfer_syntaxes()) {
        INFO(syntax.name);
        XrayOptions options{.seed = seed++};
        options.dicom.syntax = syntax.syntax;
        options.dicom.bits_stored = std::min(12, syntax.most_bits);
        const auto xray = write_xray(dir.path(), options);
        CHECK(node.store(xray.file) == 0x0000);
        const auto verdict = field(node.verdict_line(xray.uids.sop_instance_uid), "verdict");
        CHECK((verdict == "findings" || verdict == "no_findings"));
    }
}
