// SPDX-License-Identifier: Apache-2.0
#include "tests/inference/support.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dcrlerp.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrplol.h>
#include <dcmtk/dcmjpeg/djrploss.h>
#include <dcmtk/dcmjpls/djencode.h>
#include <dcmtk/dcmjpls/djrparam.h>
#include <catch2/catch.hpp>

#include "conf/base/digest.h"
#include "tools/phantom/encapsulate.h"
#include "tools/phantom/htj2k.h"
#include "tools/phantom/jpeg2000.h"

namespace bucky::test {
namespace {

/// Silences DCMTK: its messages about broken files would hide those of the test.
const bool kQuiet = [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    return true;
}();

void must(const OFCondition& condition) {
    if (condition.bad()) throw Error(Fault::bug, "DCMTK in a test: {}", condition.text());
}

void register_encoders_once() {
    static std::once_flag once;
    std::call_once(once, [] {
        DcmRLEEncoderRegistration::registerCodecs();
        DJEncoderRegistration::registerCodecs();
        // With "cooked" values DCMTK renders signed values first, and CharLS asserts on the result.
        constexpr auto cooked = OFFalse;
        DJLSEncoderRegistration::registerCodecs(0, 0, 0, 0, cooked);
    });
}

void put_header(DcmDataset& dataset, const Recipe& recipe) {
    const auto text = [&](const DcmTagKey& tag, const char* value) {
        must(dataset.putAndInsertString(tag, value));
    };
    const auto number = [&](const DcmTagKey& tag, int value) {
        must(dataset.putAndInsertUint16(tag, static_cast<Uint16>(value)));
    };
    text(DCM_SOPClassUID, UID_DigitalXRayImageStorageForPresentation);
    text(DCM_SOPInstanceUID, "1.2.3.4.5");
    text(DCM_StudyInstanceUID, "1.2.3.4");
    text(DCM_SeriesInstanceUID, "1.2.3.4.1");
    text(DCM_Modality, "DX");
    text(DCM_BodyPartExamined, "CHEST");
    text(DCM_ViewPosition, "PA");
    text(DCM_PatientOrientation, "L\\F");
    text(DCM_PhotometricInterpretation, recipe.photometric.c_str());
    number(DCM_SamplesPerPixel, 1);
    number(DCM_Rows, recipe.rows);
    number(DCM_Columns, recipe.columns);
    number(DCM_BitsAllocated, recipe.allocated);
    number(DCM_BitsStored, recipe.stored);
    number(DCM_HighBit, recipe.high_bit < 0 ? recipe.stored - 1 : recipe.high_bit);
    number(DCM_PixelRepresentation, recipe.is_signed ? 1 : 0);
    if (recipe.frames > 1) text(DCM_NumberOfFrames, std::to_string(recipe.frames).c_str());
}

void put_pixels(DcmDataset& dataset, const Recipe& recipe) {
    const auto samples = recipe.samples.empty() ? gradients(recipe) : recipe.samples;
    if (recipe.allocated == 16) {
        must(dataset.putAndInsertUint16Array(DCM_PixelData, samples.data(), samples.size()));
        return;
    }
    std::vector<Uint8> bytes(samples.begin(), samples.end());
    if (bytes.size() % 2 != 0) bytes.push_back(0);
    must(dataset.putAndInsertUint8Array(DCM_PixelData, bytes.data(), bytes.size()));
}

void encode(DcmDataset& dataset, E_TransferSyntax syntax) {
    register_encoders_once();
    const DJ_RPLossy good_jpeg(95);
    const DJ_RPLossless jpeg(1, 0);
    const DcmRLERepresentationParameter rle;
    const DJLSRepresentationParameter lossless_ls(2, OFTrue);
    const DJLSRepresentationParameter near_ls(2, OFFalse);
    const DcmRepresentationParameter* parameter = nullptr;
    switch (syntax) {
        case EXS_JPEGProcess1:
        case EXS_JPEGProcess2_4: parameter = &good_jpeg; break;
        case EXS_JPEGProcess14:
        case EXS_JPEGProcess14SV1: parameter = &jpeg; break;
        case EXS_RLELossless: parameter = &rle; break;
        case EXS_JPEGLSLossless: parameter = &lossless_ls; break;
        case EXS_JPEGLSLossy: parameter = &near_ls; break;
        default: break;
    }
    must(dataset.chooseRepresentation(syntax, parameter));
}

bool is_htj2k(const std::string& syntax) {
    return syntax == kHtj2kLossless || syntax == kHtj2kRpclLossless || syntax == kHtj2k;
}

bool is_jpeg_2000(const std::string& syntax) {
    return syntax == kJpeg2000Lossless || syntax == kJpeg2000 || is_htj2k(syntax);
}

void put_jpeg_2000(DcmDataset& dataset, const Recipe& recipe) {
    phantom::Jpeg2000Picture picture;
    picture.rows = recipe.rows;
    picture.columns = recipe.columns;
    picture.bits = recipe.stored;
    picture.is_signed = recipe.is_signed;
    picture.values = recipe.samples.empty() ? gradients(recipe) : recipe.samples;
    picture.quality_db = recipe.syntax == kJpeg2000 || recipe.syntax == kHtj2k ? 50 : 0;
    const char* order = recipe.syntax == kHtj2kRpclLossless ? "RPCL" : "LRCP";
    phantom::put_compressed_frame(dataset, recipe.syntax,
                                  is_htj2k(recipe.syntax) ? phantom::encode_htj2k(picture, order)
                                                          : phantom::encode_jpeg2000(picture));
}

}  // namespace

std::vector<std::uint16_t> gradients(const Recipe& recipe) {
    const unsigned top = (1U << recipe.stored) - 1;
    std::vector<std::uint16_t> samples;
    for (int frame = 0; frame < recipe.frames; ++frame) {
        for (unsigned row = 0; row < recipe.rows; ++row) {
            for (unsigned column = 0; column < recipe.columns; ++column) {
                const unsigned across = top * column / recipe.columns;
                const unsigned down = top * row / recipe.rows / 3;
                const unsigned value = across + down + static_cast<unsigned>(frame) * 7;
                samples.push_back(
                    static_cast<std::uint16_t>(value > top ? 2 * top - value : value));
            }
        }
    }
    return samples;
}

void write_dicom(const std::filesystem::path& file, const Recipe& recipe) {
    DcmFileFormat format;
    DcmDataset& dataset = *format.getDataset();
    put_header(dataset, recipe);
    put_pixels(dataset, recipe);
    const E_TransferSyntax syntax = DcmXfer(recipe.syntax.c_str()).getXfer();
    if (is_jpeg_2000(recipe.syntax)) put_jpeg_2000(dataset, recipe);
    if (recipe.edit && !recipe.edit_last) recipe.edit(dataset);
    if (!is_jpeg_2000(recipe.syntax)) encode(dataset, syntax);
    if (recipe.edit && recipe.edit_last) recipe.edit(dataset);
    phantom::save(format, recipe.syntax, file);
}

std::filesystem::path shared_folder() {
    const char* named = std::getenv("BUCKY_SHARED");
    const std::filesystem::path folder =
        named != nullptr ? std::filesystem::path(named)
                         : std::filesystem::path(BUCKY_SOURCE_DIR).parent_path() / "shared";
    return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

std::string manifest_for(const std::filesystem::path& weights) {
    const std::string hash = sha256_of_file(weights);
    std::string text = fmt::format(R"([model]
name = "spots"
version = "1.2.0"
vendor = "Bucky's tests"
licence = "Apache-2.0"
intended_use = "For tests only"
weights = "{}"
sha256 = "{}"

[input]
width = 64
height = 64

[accepts]
sop_classes = ["1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1"]
modalities = ["DX", "CR"]
body_parts = ["CHEST", ""]
views = ["PA", "AP", ""]
min_age_years = 18
min_rows = 16
min_columns = 16

[output]
heatmaps = true
)",
                                   weights.filename().string(), hash);
    for (const char* side : {"left", "right"}) {
        text += fmt::format(R"(
[[finding]]
key = "{0}_spot"
name = "Spot in the image's {0} half"
name_ko = "점"
code = {{ value = "{0}-1", scheme = "99BUCKY", meaning = "Spot, {0}" }}
threshold = 0.6
heatmap_threshold = 0.5
thresholds_for = "{1}"
located = true
)",
                            side, hash);
    }
    return text;
}

void write_package(const std::filesystem::path& folder, Behaviour behaviour) {
    std::filesystem::create_directories(folder);
    write_model(folder / "weights.ts", behaviour);
    write_bytes(folder / "model.toml", manifest_for(folder / "weights.ts"));
}

void write_gate(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    write_model(folder / "weights.ts", Behaviour::gate);
    const std::string hash = sha256_of_file(folder / "weights.ts");
    write_bytes(folder / "model.toml", fmt::format(R"([model]
name = "rows"
version = "0.1.0"
vendor = "Bucky's tests"
licence = "Apache-2.0"
intended_use = "For tests only"
weights = "weights.ts"
sha256 = "{0}"

[input]
width = 70
height = 70

[gate]
chest = 0.5
upright = 0.5
inverted = 0.5
mirrored = 0.9
limits_for = "{0}"
)",
                                                   hash));
}

}  // namespace bucky::test
