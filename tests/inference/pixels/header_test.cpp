// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <zlib.h>
#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "inference/pixels/header.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unknown_elements.h"
#include "tests/support/wrapped_deflations.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

Header header_of(const TempDir& dir, const std::function<void(DcmDataset&)>& edit) {
    Recipe recipe;
    recipe.edit = edit;
    write_dicom(dir / "image.dcm", recipe);
    return read_header(dir / "image.dcm");
}

void put_code(DcmDataset& dataset, const DcmTagKey& sequence, const char* value,
              const char* scheme) {
    DcmItem* item = nullptr;
    dataset.findOrCreateSequenceItem(sequence, item);
    item->putAndInsertString(DCM_CodeValue, value);
    item->putAndInsertString(DCM_CodingSchemeDesignator, scheme);
    item->putAndInsertString(DCM_CodeMeaning, "for people");
}

void put_text(DcmDataset& dataset, const DcmTagKey& tag, const char* value) {
    dataset.putAndInsertString(tag, value);
}

/// `levels` nested sequences of undefined length, in explicit little endian.
std::string nested(std::size_t levels) {
    const std::string level(
        "\x08\x00\x15\x11SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF", 20);
    std::string bytes;
    for (std::size_t i = 0; i < levels; ++i) bytes += level;
    return bytes;
}

std::string meta_header(const char* syntax) {
    DcmFileFormat format;
    format.getDataset()->putAndInsertString(DCM_SOPClassUID, "1.2.840.10008.5.1.4.1.1.1");
    format.getDataset()->putAndInsertString(DCM_SOPInstanceUID, "1.2.3");
    const TempDir dir;
    format.saveFile((dir / "meta.dcm").c_str(), DcmXfer(syntax).getXfer());
    const std::string bytes = bytes_of(dir / "meta.dcm");
    std::uint32_t length = 0;
    for (unsigned i = 0; i < 4; ++i) {
        length |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[140 + i])) << 8U * i;
    }
    return bytes.substr(0, 144 + length);
}

std::string deflated(const std::string& bytes) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

}  // namespace

TEST_CASE("a header has what eligibility and laterality need", "[inference]") {
    const TempDir dir;
    const Header header = header_of(dir, [](DcmDataset& dataset) {
        put_text(dataset, DCM_ImageType, "ORIGINAL\\PRIMARY");
        put_text(dataset, DCM_PatientAge, "045Y");
        put_text(dataset, DCM_ImageLaterality, "U");
    });
    CHECK(header.sop_class == "1.2.840.10008.5.1.4.1.1.1.1");
    CHECK(header.sop_instance == "1.2.3.4.5");
    CHECK(header.study == "1.2.3.4");
    CHECK(header.transfer_syntax == kExplicitLittle);
    CHECK(header.modality == "DX");
    CHECK(header.body_part == "CHEST");
    CHECK(header.view_position == "PA");
    CHECK(header.laterality == "U");
    CHECK(header.image_type == std::vector<std::string>{"ORIGINAL", "PRIMARY"});
    CHECK(header.patient_orientation == std::vector<std::string>{"L", "F"});
    CHECK(header.photometric == "MONOCHROME2");
    CHECK(header.age_years == 45.0);
    CHECK(header.rows == 40);
    CHECK(header.columns == 56);
    CHECK(header.frames == 1);
    CHECK(header.bits_allocated == 16);
    CHECK(header.bits_stored == 12);
    CHECK(header.has_pixels);
}

TEST_CASE("view and body part are taken from their codes where the words are missing",
          "[inference]") {
    const TempDir dir;
    const auto without_words = [](DcmDataset& dataset) {
        delete dataset.remove(DCM_ViewPosition);
        delete dataset.remove(DCM_BodyPartExamined);
    };
    SECTION("SNOMED CT") {
        const Header header = header_of(dir, [&](DcmDataset& dataset) {
            without_words(dataset);
            put_code(dataset, DCM_ViewCodeSequence, "399348003", "SCT");
            put_code(dataset, DCM_AnatomicRegionSequence, "816094009", "SCT");
        });
        CHECK(header.view_position == "AP");
        CHECK(header.view_codes == std::vector<std::string>{"399348003:SCT"});
        CHECK(header.body_part == "CHEST");
    }
    SECTION("the retired SRT codes under an old name") {
        const Header header = header_of(dir, [&](DcmDataset& dataset) {
            without_words(dataset);
            put_code(dataset, DCM_ViewCodeSequence, "R-10214", "SNM3");
            put_code(dataset, DCM_AnatomicRegionSequence, "T-D3000", "SRT");
        });
        CHECK(header.view_position == "PA");
        CHECK(header.body_part == "CHEST");
    }
    SECTION("an unknown code does not read as missing") {
        const Header header = header_of(dir, [&](DcmDataset& dataset) {
            without_words(dataset);
            put_code(dataset, DCM_ViewCodeSequence, "260421001", "SCT");
            put_code(dataset, DCM_AnatomicRegionSequence, "72696002", "SCT");
        });
        CHECK(header.view_position == "260421001:SCT");
        CHECK(header.body_part == "72696002:SCT");
    }
    SECTION("neither words nor codes") {
        const Header header = header_of(dir, without_words);
        CHECK(header.view_position.empty());
        CHECK(header.body_part.empty());
    }
}

TEST_CASE("a patient's age is read in its unit, or counted from the birth date", "[inference]") {
    const TempDir dir;
    const auto age = [&](const char* age_text, const char* born, const char* taken) {
        return header_of(dir,
                         [=](DcmDataset& dataset) {
                             put_text(dataset, DCM_PatientAge, age_text);
                             put_text(dataset, DCM_PatientBirthDate, born);
                             put_text(dataset, DCM_StudyDate, taken);
                         })
            .age_years;
    };
    CHECK(age("018M", "", "") == Approx(1.5));
    CHECK(age("010W", "", "") == Approx(70 / 365.2425));
    CHECK(age("003D", "", "") == Approx(3 / 365.2425));
    CHECK(age("", "19801224", "20261123") == Approx(45.92).margin(0.02));
    CHECK_FALSE(age("", "19801224", "").has_value());
    CHECK_FALSE(age("", "20271224", "20261123").has_value());
    CHECK_FALSE(age("Y045", "", "").has_value());
    CHECK_FALSE(age("", "1980XX24", "20261123").has_value());
}

TEST_CASE("a file that is not DICOM is bad input, and one that cannot be read is unavailable",
          "[inference]") {
    const TempDir dir;
    SECTION("a text") {
        write_bytes(dir / "file", "Dear colleague,\nthe X-ray is in the post.\n");
    }
    SECTION("nothing") {
        write_bytes(dir / "file", "");
    }
    SECTION("a preamble alone") {
        write_bytes(dir / "file", std::string(128, '\0') + "DICM");
    }
    SECTION("a meta header alone") {
        write_bytes(dir / "file", meta_header(kExplicitLittle));
    }
    SECTION("zeros") {
        write_bytes(dir / "file", std::string(10000, '\0'));
    }
    CHECK(error_of([&] { read_header(dir / "file"); }).fault() == Fault::bad_input);
    CHECK(error_of([&] { read_header(dir / "absent"); }).fault() == Fault::unavailable);
}

TEST_CASE("sequences nested too deep are refused in every encoding", "[inference][hostile]") {
    const TempDir dir;
    SECTION("explicit little endian") {
        write_bytes(dir / "file", meta_header(kExplicitLittle) + nested(200'000));
    }
    SECTION("deflated: 20 MB in 20 kB") {
        const std::string bytes = meta_header(kDeflated) + deflated(nested(1'000'000));
        REQUIRE(bytes.size() < 100'000);
        write_bytes(dir / "file", bytes);
    }
    SECTION("as an unknown VR, which is read as implicit little endian") {
        std::string bytes = meta_header(kExplicitLittle);
        bytes += std::string("\x08\x00\x15\x11UN\0\0\xFF\xFF\xFF\xFF", 12);
        for (int i = 0; i < 200'000; ++i) {
            bytes +=
                std::string("\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF\x08\x00\x15\x11\xFF\xFF\xFF\xFF", 16);
        }
        write_bytes(dir / "file", bytes);
    }
    const Error error = error_of([&] { read_header(dir / "file"); });
    CHECK(error.fault() == Fault::bad_input);
    CHECK_THAT(error.what(), Catch::Contains("nested too deeply"));
}

TEST_CASE("a hundred nested sequences, more than any real file has, are read", "[inference]") {
    const TempDir dir;
    const Header header = header_of(dir, [](DcmDataset& dataset) {
        DcmItem* item = &dataset;
        for (int level = 0; level < 100; ++level) {
            DcmItem* inner = nullptr;
            item->findOrCreateSequenceItem(DCM_RequestAttributesSequence, inner);
            item = inner;
        }
    });
    CHECK(header.rows == 40);
}

TEST_CASE("millions of tiny elements are refused", "[inference][hostile]") {
    const TempDir dir;
    std::string bytes = meta_header(kExplicitLittle);
    std::string items("\x08\x00\x15\x11SQ\0\0\xFF\xFF\xFF\xFF", 12);
    for (int i = 0; i < 1'500'000; ++i) items += std::string("\xFE\xFF\x00\xE0\0\0\0\0", 8);
    write_bytes(dir / "file", bytes + items);
    CHECK_THAT(error_of([&] { read_header(dir / "file"); }).what(),
               Catch::Contains("too many elements"));
}

TEST_CASE(
    "a sequence that a device or a PACS has renamed to UN is read, in explicit VR and implicit",
    "[inference][unknown]") {
    const TempDir dir;
    write_dicom(dir / "plain.dcm", Recipe{});
    const std::string plain = bytes_of(dir / "plain.dcm");
    const auto patterns = decode(dir / "plain.dcm").frame.patterns;
    const auto behind = plain.find(std::string("\x20\x00\x0D\x00UI", 6));
    REQUIRE(behind != std::string::npos);
    for (const auto tag : {0x00082218U, 0x00091010U, 0x00081140U}) {
        for (const auto& unknown : unknown_elements(tag)) {
            INFO(unknown.what << " in " << std::hex << tag);
            std::string bytes = plain;
            bytes.insert(behind, unknown.bytes + unknown.bytes);
            write_bytes(dir / "odd.dcm", bytes);
            const Header header = read_header(dir / "odd.dcm");
            CHECK(header.rows == 40);
            CHECK(header.view_position == "PA");
            CHECK(decode(dir / "odd.dcm").frame.patterns == patterns);
        }
    }
}

TEST_CASE("what stands in a sequence that was renamed to UN counts", "[inference][unknown]") {
    const TempDir dir;
    write_dicom(dir / "plain.dcm", Recipe{});
    std::string bytes = bytes_of(dir / "plain.dcm");
    const auto behind = bytes.find(std::string("\x18\x00\x15\x00", 4));  // Body Part Examined
    REQUIRE(behind != std::string::npos);
    bytes.insert(behind, element_of(0x00082218, "UN", item_of(explicit_chest()), true));
    write_bytes(dir / "odd.dcm", bytes);
    CHECK(read_header(dir / "odd.dcm").coded_body_part == "CHEST");
}

TEST_CASE("a deflated data set is read behind a header of zlib or gzip, and before trailing bytes",
          "[inference][deflated]") {
    const TempDir dir;
    Recipe recipe;
    write_dicom(dir / "plain.dcm", recipe);
    const std::string plain = bytes_of(dir / "plain.dcm");
    const auto begins = plain.find(std::string("\x08\x00\x16\x00UI", 6));
    REQUIRE(begins != std::string::npos);
    const std::string meta = meta_header(kDeflated);
    for (const auto& [what, stream] : wrapped_deflations(plain.substr(begins))) {
        INFO(what);
        write_bytes(dir / "odd.dcm", meta + stream);
        CHECK(decode(dir / "odd.dcm").frame.patterns == gradients(recipe));
        CHECK(read_header(dir / "odd.dcm").rows == recipe.rows);
    }
}
