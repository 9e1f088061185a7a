// SPDX-License-Identifier: Apache-2.0
// Writes seeds for every fuzz target into $BUCKY_FUZZ_SEEDS: small radiographs in every transfer
// syntax and two depths, and the bare frame of each compressed one. Hidden: run it by its tag,
// [.seeds].
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "inference/pixels/fragments.h"
#include "tests/inference/support.h"

namespace {

namespace fs = std::filesystem;
using namespace bucky;

const std::map<std::string, const char*> kTargets{
    {test::kRle, "rle"},
    {test::kJpegBaseline, "jpeg"},
    {test::kJpegExtended, "jpeg"},
    {test::kJpegLossless14, "jpeg"},
    {test::kJpegLosslessSv1, "jpeg"},
    {test::kJpegLsLossless, "jpeg_ls"},
    {test::kJpegLsNear, "jpeg_ls"},
    {test::kJpeg2000Lossless, "jpeg_2000"},
    {test::kJpeg2000, "jpeg_2000"},
    {test::kHtj2kLossless, "htj2k"},
    {test::kHtj2kRpclLossless, "htj2k"},
    {test::kHtj2k, "htj2k"},
};

void keep(const fs::path& folder, const std::string& name, const std::string& bytes) {
    fs::create_directories(folder);
    std::ofstream(folder / name, std::ios::binary) << bytes;
}

/// The frame after the bytes that fuzz_codec reads first.
std::string frame_of(const fs::path& file, const test::Recipe& recipe) {
    DcmFileFormat format;
    DcmElement* element = nullptr;
    if (format.loadFile(OFFilename(file.c_str())).bad() ||
        format.getDataset()->findAndGetElement(DCM_PixelData, element).bad()) {
        throw Error(Fault::bug, "a seed cannot be read back");
    }
    const auto frame =
        inference::first_frame(*format.getDataset(), dynamic_cast<DcmPixelData&>(*element), 1);
    std::string bytes(1, static_cast<char>(recipe.allocated == 8 ? 1 : 0));
    if (recipe.syntax == test::kRle) {
        bytes += static_cast<char>(recipe.rows - 1);
        bytes += static_cast<char>(recipe.columns - 1);
    }
    for (const auto part : frame.parts) bytes.append(part.begin(), part.end());
    return bytes;
}

void write_seed(const fs::path& out, const std::string& syntax, std::uint16_t stored) {
    test::Recipe recipe;
    recipe.rows = 20;
    recipe.columns = 17;
    recipe.stored = stored;
    recipe.allocated = stored == 8 ? 8 : 16;
    recipe.syntax = syntax;
    recipe.edit = [](DcmDataset& dataset) {
        dataset.putAndInsertString(DCM_WindowCenter, "100");
        dataset.putAndInsertString(DCM_WindowWidth, "200");
        DcmItem* code = nullptr;
        dataset.findOrCreateSequenceItem(DCM_AnatomicRegionSequence, code);
        code->putAndInsertString(DCM_CodeValue, "51185008");
        code->putAndInsertString(DCM_CodingSchemeDesignator, "SCT");
    };
    const auto file = out / "seed.dcm";
    test::write_dicom(file, recipe);
    const auto name = fmt::format("{}-{}", syntax.substr(syntax.rfind("10008.") + 6), stored);
    keep(out / "dataset", name, test::bytes_of(file));
    if (const auto target = kTargets.find(syntax); target != kTargets.end()) {
        keep(out / target->second, name, frame_of(file, recipe));
    }
    fs::remove(file);
}

}  // namespace

TEST_CASE("the seeds of the fuzz targets are written", "[.seeds]") {
    const char* named = std::getenv("BUCKY_FUZZ_SEEDS");
    REQUIRE(named != nullptr);
    fs::create_directories(named);
    for (const char* native :
         {test::kImplicitLittle, test::kExplicitLittle, test::kBigEndian, test::kDeflated}) {
        write_seed(named, native, 12);
    }
    for (const auto& [syntax, target] : kTargets) {
        write_seed(named, syntax, 8);
        if (syntax != test::kJpegBaseline) write_seed(named, syntax, 12);
    }
    CHECK(fs::exists(fs::path(named) / "jpeg_2000"));
}
