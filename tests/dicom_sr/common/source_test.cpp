// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fstream>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "conf/base/error.h"
#include "dicom_sr/common/object.h"
#include "tests/dicom_sr/judges.h"
#include "tests/support/unknown_elements.h"

using namespace bucky;
using namespace bucky::dicom_sr;
using bucky::test::Folder;

namespace {

void set(DcmDataset& dataset, const DcmTagKey& tag, const char* value) {
    REQUIRE(dataset.putAndInsertString(tag, value).good());
}

void fill(DcmDataset& dataset) {
    set(dataset, DCM_SOPClassUID, UID_DigitalXRayImageStorageForPresentation);
    set(dataset, DCM_SOPInstanceUID, "1.2.3.4");
    set(dataset, DCM_StudyInstanceUID, "1.2.3");
    set(dataset, DCM_SeriesInstanceUID, "1.2.3.1");
    set(dataset, DCM_PatientName, "Doe^Jane");
    set(dataset, DCM_PatientID, " 007 ");
    set(dataset, DCM_PatientOrientation, "L\\F");
    set(dataset, DCM_Laterality, "R");
    set(dataset, DCM_TimezoneOffsetFromUTC, "+0900");
    REQUIRE(dataset.putAndInsertUint16(DCM_Rows, 20).good());
    REQUIRE(dataset.putAndInsertUint16(DCM_Columns, 30).good());
}

std::filesystem::path saved(Folder& folder, DcmFileFormat& file) {
    const auto path = folder.path() / "image.dcm";
    REQUIRE(file.saveFile(path.c_str(), EXS_LittleEndianExplicit).good());
    return path;
}

Fault fault_of(const std::filesystem::path& path) {
    try {
        (void)read_source(path);
    } catch (const Error& error) {  // the result of this function
        return error.fault();
    }
    FAIL("read_source took " << path);
    return Fault::bug;
}

}  // namespace

TEST_CASE("a source has the values of its file, without padding", "[dicom_sr]") {
    Folder folder;
    DcmFileFormat file;
    fill(*file.getDataset());
    const Source source = read_source(saved(folder, file));
    CHECK(source.study == Uid("1.2.3"));
    CHECK(source.series == Uid("1.2.3.1"));
    CHECK(source.sop_instance == Uid("1.2.3.4"));
    CHECK(source.patient_name == "Doe^Jane");
    CHECK(source.patient_id == "007");
    CHECK(source.patient_orientation == "L\\F");
    CHECK(source.laterality == "R");
    CHECK(source.timezone_offset == "+0900");
    CHECK(source.birth_date.empty());
    CHECK(source.rows == 20);
    CHECK(source.columns == 30);
    CHECK(source.frames == 1);
}

TEST_CASE("a Korean name is kept whatever character set the device declared", "[dicom_sr]") {
    Folder folder;
    const char* declared = GENERATE("\\ISO 2022 IR 149", "ISO 2022 IR 149", "ISO_IR 149");
    DcmFileFormat file;
    fill(*file.getDataset());
    set(*file.getDataset(), DCM_SpecificCharacterSet, declared);
    set(*file.getDataset(), DCM_PatientName,
        "Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7");
    CHECK(read_source(saved(folder, file)).patient_name == "Hong^Gildong=洪^吉洞");
}

TEST_CASE("text that does not match its declaration is decoded, and its bytes are kept",
          "[dicom_sr]") {
    Folder folder;
    DcmFileFormat file;
    fill(*file.getDataset());
    set(*file.getDataset(), DCM_SpecificCharacterSet, "ISO_IR 149");
    set(*file.getDataset(), DCM_PatientName, "\xC8\xAB^\xB1\xE6\xB5\xBF");
    set(*file.getDataset(), DCM_StudyDescription, "Thorax \xB1");  // half a character
    set(*file.getDataset(), DCM_ReferringPhysicianName, "Kim");
    const Source source = read_source(saved(folder, file));
    CHECK(source.patient_name == "홍^길동");
    CHECK(source.study_description == "Thorax \\xB1");
    CHECK(source.character_set == "ISO_IR 149");
    REQUIRE(source.originals.size() == 2);
    CHECK(source.originals[0].group == 0x0010);
    CHECK(source.originals[0].element == 0x0010);
    CHECK(source.originals[0].bytes == "\xC8\xAB^\xB1\xE6\xB5\xBF");
    CHECK(source.originals[0].why == OriginalText::Why::guessed);
    CHECK(source.originals[1].bytes == "Thorax \xB1");
    CHECK(source.originals[1].why == OriginalText::Why::lost);
}

TEST_CASE("a file without a study or an instance is bad input, one without a series is accepted",
          "[dicom_sr]") {
    Folder folder;
    DcmFileFormat file;
    DcmDataset& dataset = *file.getDataset();
    fill(dataset);
    SECTION("no study") {
        REQUIRE(dataset.findAndDeleteElement(DCM_StudyInstanceUID).good());
        CHECK(fault_of(saved(folder, file)) == Fault::bad_input);
    }
    SECTION("an invalid study UID") {
        set(dataset, DCM_StudyInstanceUID, "../../etc/passwd");
        CHECK(fault_of(saved(folder, file)) == Fault::bad_input);
    }
    SECTION("no series") {
        REQUIRE(dataset.findAndDeleteElement(DCM_SeriesInstanceUID).good());
        CHECK(read_source(saved(folder, file)).series == Uid("1.2.3"));
    }
}

TEST_CASE("a file that is not DICOM is bad input", "[dicom_sr]") {
    Folder folder;
    CHECK(fault_of(folder.path() / "not-there.dcm") == Fault::bad_input);
    CHECK(fault_of(folder.keep("empty.dcm", {})) == Fault::bad_input);
    const std::string words = "GET / HTTP/1.1\r\nHost: bucky\r\n\r\n";
    CHECK(fault_of(folder.keep("http.dcm", {words.begin(), words.end()})) == Fault::bad_input);
}

TEST_CASE("a file that ends inside its pixel data still identifies its patient and study",
          "[dicom_sr]") {
    Folder folder;
    DcmFileFormat file;
    fill(*file.getDataset());
    const std::vector<Uint8> pixels(600, 7);
    REQUIRE(file.getDataset()->putAndInsertUint8Array(DCM_PixelData, pixels.data(), 600).good());
    const auto path = saved(folder, file);
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 500);
    CHECK(read_source(path).patient_name == "Doe^Jane");
}

TEST_CASE("a source is read behind a sequence that was renamed to UN", "[dicom_sr][unknown]") {
    Folder folder;
    DcmFileFormat file;
    fill(*file.getDataset());
    const auto path = saved(folder, file);
    std::ifstream in(path, std::ios::binary);
    const std::string plain{std::istreambuf_iterator<char>(in), {}};
    const auto behind = plain.find(std::string("\x10\x00\x10\x00PN", 6));
    REQUIRE(behind != std::string::npos);
    for (const auto& unknown : bucky::test::unknown_elements(0x00091010)) {
        INFO(unknown.what);
        std::string bytes = plain;
        bytes.insert(behind, unknown.bytes);
        std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
        const Source source = read_source(path);
        CHECK(source.study == Uid("1.2.3"));
        CHECK(source.patient_name == "Doe^Jane");
        CHECK(source.columns == 30);
    }
}
