// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/write.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "conf/base/error.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tools/phantom/command.h"
#include "tools/phantom/pixels.h"

using namespace bucky;
using namespace bucky::phantom;
namespace fs = std::filesystem;

namespace {

const Phantom& small_phantom() {
    static const Phantom kPhantom =
        draw(random_recipe(42, 330, 300, {Finding::nodule, Finding::pneumothorax}));
    return kPhantom;
}

std::vector<int> read_back(const fs::path& path) {
    DcmFileFormat file;
    REQUIRE(file.loadFile(path.string().c_str()).good());
    DcmDataset& dataset = *file.getDataset();
    REQUIRE(dataset.chooseRepresentation(EXS_LittleEndianExplicit, nullptr).good());
    Uint16 allocated = 0;
    REQUIRE(dataset.findAndGetUint16(DCM_BitsAllocated, allocated).good());
    std::vector<int> values;
    unsigned long count = 0;
    if (allocated == 16) {
        const Uint16* words = nullptr;
        REQUIRE(dataset.findAndGetUint16Array(DCM_PixelData, words, &count).good());
        values.assign(words, words + count);
    } else {
        const Uint8* bytes = nullptr;
        REQUIRE(dataset.findAndGetUint8Array(DCM_PixelData, bytes, &count).good());
        values.assign(bytes, bytes + count);
    }
    return values;
}

std::string attribute(const fs::path& path, const DcmTagKey& tag) {
    DcmFileFormat file;
    REQUIRE(file.loadFile(path.string().c_str()).good());
    OFString value;
    file.getDataset()->findAndGetOFStringArray(tag, value);
    return value.c_str();
}

std::string slurp(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void check_valid(const fs::path& path) {
    const std::string said = bucky::test::output_of("dciodvfy " + path.string());
    INFO(said);
    REQUIRE_FALSE(said.empty());
    CHECK(said.find("Error") == std::string::npos);
}

}  // namespace

TEST_CASE("a phantom reads back from every transfer syntax, exactly from the lossless ones",
          "[phantom][dicom]") {
    const bucky::test::TempDir folder;
    for (const TransferSyntaxName& syntax : transfer_syntaxes()) {
        // DCMTK cannot read JPEG 2000 and HTJ2K; tests/inference/pixels/matrix_test.cpp checks them
        if (syntax.name.starts_with("jpeg-2000") || syntax.name.starts_with("htj2k")) continue;
        for (const int bits : {8, 10, 12, 14, 16}) {
            if (bits > syntax.most_bits) continue;
            if (syntax.syntax == TransferSyntax::jpeg_extended && bits == 10) continue;
            DicomOptions options;
            options.syntax = syntax.syntax;
            options.bits_stored = bits;
            const auto path = folder / fmt::format("{}-{}.dcm", syntax.name, bits);
            write_dicom(small_phantom(), options, path);

            const auto wanted = stored_values(small_phantom(), options);
            auto got = read_back(path);
            got.resize(wanted.size());  // a padding byte after an odd number of pixels
            INFO(syntax.name << ", " << bits << " bits");
            double off = 0;
            for (std::size_t i = 0; i < wanted.size(); ++i) off += std::abs(got[i] - wanted[i]);
            off /= static_cast<double>(wanted.size()) * (1 << bits);
            if (syntax.lossy)
                CHECK(off < 0.01);
            else
                CHECK(off == 0);
            CHECK(attribute(path, DCM_LossyImageCompression) == (syntax.lossy ? "01" : "00"));
        }
    }
}

TEST_CASE("every file has the transfer syntax that it states", "[phantom][dicom]") {
    const bucky::test::TempDir folder;
    for (const TransferSyntaxName& syntax : transfer_syntaxes()) {
        DicomOptions options;
        options.syntax = syntax.syntax;
        options.bits_stored = 8;
        const auto path = folder / (std::string{syntax.name} + ".dcm");
        const Written ids = write_dicom(small_phantom(), options, path);
        DcmFileFormat file;
        REQUIRE(file.loadFile(path.string().c_str()).good());
        OFString uid;
        file.getMetaInfo()->findAndGetOFString(DCM_TransferSyntaxUID, uid);
        CHECK(std::string_view{uid.c_str()} == syntax.uid);
        file.getMetaInfo()->findAndGetOFString(DCM_MediaStorageSOPInstanceUID, uid);
        CHECK(uid.c_str() == ids.sop_instance_uid);
        CHECK(attribute(path, DCM_SOPInstanceUID) == ids.sop_instance_uid);
    }
}

TEST_CASE("dciodvfy finds no error in a CR or DX phantom", "[phantom][dicom]") {
    const bucky::test::TempDir folder;
    for (const ImageClass image_class : {ImageClass::cr, ImageClass::dx}) {
        for (const TransferSyntaxName& syntax : transfer_syntaxes()) {
            // dciodvfy of Debian 12 cannot read deflated files, and does not know HTJ2K.
            if (syntax.syntax == TransferSyntax::deflated) continue;
            if (syntax.name.starts_with("htj2k")) continue;
            DicomOptions options;
            options.image_class = image_class;
            options.syntax = syntax.syntax;
            options.bits_stored = std::min(12, syntax.most_bits);
            const auto path = folder / (std::string{syntax.name} + ".dcm");
            write_dicom(small_phantom(), options, path);
            INFO(syntax.name);
            check_valid(path);
        }
    }
}

TEST_CASE("dciodvfy finds no error with any options", "[phantom][dicom]") {
    const bucky::test::TempDir folder;
    const auto path = folder / "odd.dcm";
    for (const ImageClass image_class : {ImageClass::cr, ImageClass::dx}) {
        for (const char* view : {"PA", "AP", "LL"}) {
            DicomOptions options;
            options.image_class = image_class;
            options.view_position = view;
            options.monochrome1 = true;
            options.patient_name = "Hong^Gildong=洪^吉洞=홍^길동";
            options.window = Window{1800, 2600};
            if (image_class == ImageClass::cr) options.rescale_intercept = -100;
            write_dicom(small_phantom(), options, path);
            check_valid(path);
        }
    }
}

TEST_CASE("MONOCHROME1 stores bright as small", "[phantom][dicom]") {
    DicomOptions options;
    const auto two = stored_values(small_phantom(), options);
    options.monochrome1 = true;
    const auto one = stored_values(small_phantom(), options);
    for (std::size_t i = 0; i < one.size(); i += 97) CHECK(std::abs(one[i] + two[i] - 4095) <= 1);
}

TEST_CASE("the default window maps the stored range onto black to white", "[phantom][dicom]") {
    DicomOptions options;
    options.bits_stored = 12;
    const Window window = full_window(options);
    // PS3.3 C.11.2.1.2.1: black up to c - 0.5 - (w - 1) / 2, white from c - 0.5 + (w - 1) / 2.
    CHECK(window.centre - 0.5 - (window.width - 1) / 2 == Approx(0));
    CHECK(window.centre - 0.5 + (window.width - 1) / 2 == Approx(4095));
}

TEST_CASE("UIDs come from the seed, and differ if the pixels may differ", "[phantom][dicom]") {
    const Phantom& phantom = small_phantom();
    DicomOptions options;
    const Written first = identify(phantom, options);
    CHECK(first.sop_instance_uid == identify(phantom, options).sop_instance_uid);
    options.bits_stored = 14;
    CHECK(first.sop_instance_uid != identify(phantom, options).sop_instance_uid);
    CHECK(first.study_uid == identify(phantom, options).study_uid);
    options.study_uid = "1.2.3";
    CHECK(identify(phantom, options).study_uid == "1.2.3");
    CHECK(first.series_uid != identify(phantom, options).series_uid);
}

TEST_CASE("options that a file cannot represent are refused", "[phantom][dicom]") {
    const bucky::test::TempDir folder;
    DicomOptions options;
    options.syntax = TransferSyntax::jpeg_baseline;
    CHECK_THROWS_AS(write_dicom(small_phantom(), options, folder / "a.dcm"), Error);
    options = {};
    options.rescale_slope = 2;  // DX for presentation allows only 1
    CHECK_THROWS_AS(write_dicom(small_phantom(), options, folder / "a.dcm"), Error);
    options = {};
    CHECK_THROWS_AS(write_dicom(small_phantom(), options, folder / "no/such/place.dcm"), Error);
}

TEST_CASE("bucky phantom writes the same files each time, with truth.json beside them",
          "[phantom][command]") {
    const bucky::test::TempDir folder;
    Options options;
    options.count = 3;
    options.seed = 9;
    options.rows = 300;
    options.columns = 300;
    options.findings = {"nodule"};
    options.one_study = true;
    options.out = folder / "a";
    REQUIRE(run(options) == 0);
    options.out = folder / "b";
    REQUIRE(run(options) == 0);
    for (const char* name : {"phantom-000009.dcm", "phantom-000011.dcm", "truth.json"}) {
        CHECK(slurp(folder / "a" / name) == slurp(folder / "b" / name));
    }
    const auto first = folder / "a" / "phantom-000009.dcm";
    const auto last = folder / "a" / "phantom-000011.dcm";
    CHECK(attribute(first, DCM_StudyInstanceUID) == attribute(last, DCM_StudyInstanceUID));
    CHECK(attribute(first, DCM_PatientID) == attribute(last, DCM_PatientID));
    const std::string truth = slurp(folder / "a" / "truth.json");
    CHECK(truth.find(attribute(last, DCM_SOPInstanceUID)) != std::string::npos);
    CHECK(truth.find("\"finding\": \"nodule\"") != std::string::npos);
}
