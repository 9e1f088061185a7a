// SPDX-License-Identifier: Apache-2.0
// The same patient in every form that a modality may send: transfer syntaxes, both polarities, 8 to
// 16 bits. The findings must not depend on it.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "inference/examine/examine.h"
#include "inference/findings_json.h"
#include "tests/support/places.h"
#include "tests/support/process.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;

namespace {

constexpr int kRows = 512, kColumns = 420;

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

/// One patient, drawn once and encoded in many forms.
class Patient {
public:
    Patient(phantom::Finding lesion, std::uint64_t seed)
        : drawn_(phantom::draw(phantom::random_recipe(seed, kRows, kColumns, {lesion}))) {}

    Xray dressed(const TempDir& dir, const phantom::DicomOptions& dicom) const {
        Xray xray{dir / "dressed.dcm", {}, drawn_.lesions};
        xray.uids = phantom::write_dicom(drawn_, dicom, xray.file);
        return xray;
    }

private:
    phantom::Phantom drawn_;
};

class Reader {
public:
    inference::ImageResult read(const std::filesystem::path& file) const {
        return inference::examine(file, shelf_, 0);
    }

    /// A patient whose lesion the model finds in the plainest form; no model finds every lesion.
    std::optional<Patient> patient_with(phantom::Finding lesion, const TempDir& dir) const {
        for (std::uint64_t seed = 41; seed < 51; ++seed) {
            Patient patient(lesion, seed);
            const auto xray = patient.dressed(dir, {});
            if (finds(read(xray.file), xray)) return patient;
        }
        return std::nullopt;
    }

private:
    inference::Shelf shelf_{{phantom_model()}, {"cpu", 1}};
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

/// JPEG Extended has 8 or 12 bits and nothing between (PS3.5 8.2.1); the others any up to their
/// maximum.
bool holds(const phantom::TransferSyntaxName& syntax, int bits) {
    if (syntax.syntax == phantom::TransferSyntax::jpeg_extended) return bits == 8 || bits == 12;
    return bits <= syntax.most_bits;
}

/// Compares this patient in one form with the plainest form.
void check_dress(const Reader& reader, const TempDir& dir, const Patient& patient,
                 const phantom::DicomOptions& dicom, const inference::ImageResult& plain) {
    const auto& syntax = phantom::describe(dicom.syntax);
    INFO(syntax.name << ", " << dicom.bits_stored << " bits, MONOCHROME"
                     << (dicom.monochrome1 ? 1 : 2));
    const auto xray = patient.dressed(dir, dicom);
    const auto result = reader.read(xray.file);
    CHECK(finds(result, xray));
    check_same(result, plain, syntax.lossy ? 0.05 : 0.02);
}

/// Every transfer syntax in every depth that it supports; both polarities in the depths that
/// devices use, and alternating polarities in the depths between.
void check_every_dress(phantom::Finding lesion) {
    const TempDir dir;
    const Reader reader;
    const auto patient = reader.patient_with(lesion, dir);
    REQUIRE(patient);
    const auto plain = reader.read(patient->dressed(dir, {}).file);
    for (const auto& syntax : phantom::transfer_syntaxes()) {
        for (int bits = 8; bits <= 16; ++bits) {
            if (!holds(syntax, bits)) continue;
            const bool usual = bits % 2 == 0;
            for (const bool monochrome1 : {false, true}) {
                if (!usual && monochrome1 != (bits % 4 == 1)) continue;
                phantom::DicomOptions dicom;
                dicom.syntax = syntax.syntax;
                dicom.bits_stored = bits;
                dicom.monochrome1 = monochrome1;
                check_dress(reader, dir, *patient, dicom, plain);
            }
        }
    }
}

/// Sends the file by software of others, or by ours where that does not know the transfer syntax.
bool take(RunningNode& node, const std::filesystem::path& file) {
    if (node.store(file) == 0x0000) return true;
    const auto peer = "BUCKY@127.0.0.1:" + std::to_string(node.dicom_port());
    return run({bucky_program().string(), "send", peer, file.string()}).status == 0;
}

}  // namespace

// One test case per lesion, so that they run in parallel.
TEST_CASE("a nodule is the same in every transfer syntax, polarity and depth",
          "[system][invariance]") {
    check_every_dress(phantom::Finding::nodule);
}

TEST_CASE("tuberculosis is the same in every transfer syntax, polarity and depth",
          "[system][invariance]") {
    check_every_dress(phantom::Finding::tuberculosis);
}

TEST_CASE("a pneumothorax is the same in every transfer syntax, polarity and depth",
          "[system][invariance]") {
    check_every_dress(phantom::Finding::pneumothorax);
}

TEST_CASE("a pneumonia is the same in every transfer syntax, polarity and depth",
          "[system][invariance]") {
    check_every_dress(phantom::Finding::pneumonia);
}

TEST_CASE("every transfer syntax is taken over the wire and read", "[system][invariance]") {
    const TempDir dir;
    RunningNode node;
    std::uint64_t seed = 60;
    for (const auto& syntax : phantom::transfer_syntaxes()) {
        INFO(syntax.name);
        const auto lesion = phantom::kFindings[seed % std::size(phantom::kFindings)];
        XrayOptions options{.seed = seed++, .lesions = {lesion}};
        options.dicom.monochrome1 = seed % 2 == 0;
        options.dicom.syntax = syntax.syntax;
        options.dicom.bits_stored = std::min(12, syntax.most_bits);
        const auto xray = write_xray(dir.path(), options);
        CHECK(take(node, xray.file));
        const auto verdict = field(node.verdict_line(xray.uids.sop_instance_uid), "verdict");
        CHECK((verdict == "findings" || verdict == "no_findings"));
    }
}
