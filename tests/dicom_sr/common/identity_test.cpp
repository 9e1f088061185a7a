// SPDX-License-Identifier: Apache-2.0
// What names the patient and the order is copied from the image to its results, or left out with
// the original beside; it never becomes another value. Each row is an attribute as a device sent
// it. The judges see every report that is made here.
#include <algorithm>
#include <fstream>
#include <optional>

#include <catch2/catch.hpp>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "dicom_sr/common/originals.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/report/measurement_report.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"
#include "tests/dicom_sr/value.h"

using namespace bucky;
using namespace bucky::dicom_sr;
using bucky::test::Folder;

namespace {

struct Sent {
    DcmTagKey tag;
    std::string bytes;
    std::string character_set = "ISO_IR 192";
};

/// The image, and the report about it.
struct Made {
    Folder folder;
    std::filesystem::path image;
    Source source;
    Object report, plain;  ///< of two classes
    std::unique_ptr<DcmFileFormat> file;

    DcmDataset& dataset() { return *file->getDataset(); }
    bool says(const std::string& words) const {
        const std::string bytes(report.part10.begin(), report.part10.end());
        return bytes.find(words) != std::string::npos;
    }
    /// By dciodvfy, and by dcentvfy beside another result of the study.
    std::string judged() {
        const auto kept = folder.keep("report.dcm", report.part10);
        const auto beside = folder.keep("text.dcm", plain.part10);
        return test::iod_errors(kept) + differences(kept, beside);
    }
    /// By dcentvfy beside the image itself, whose values must all be legal for that.
    std::string judged_beside_image() {
        return differences(folder.keep("report.dcm", report.part10), image);
    }

private:
    static std::string differences(const std::filesystem::path& one,
                                   const std::filesystem::path& other) {
        std::istringstream lines(
            test::output_of("dcentvfy " + one.string() + " " + other.string() + " 2>&1"));
        std::string errors;
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("Error")) errors += line + '\n';
        }
        return errors;
    }
};

void fill(DcmDataset& dataset) {
    const auto set = [&](const DcmTagKey& tag, const char* value) {
        REQUIRE(dataset.putAndInsertString(tag, value).good());
    };
    set(DCM_SOPClassUID, UID_DigitalXRayImageStorageForPresentation);
    set(DCM_SOPInstanceUID, "1.2.826.0.1.3680043.10.999.1.1.1");
    set(DCM_StudyInstanceUID, "1.2.826.0.1.3680043.10.999.1");
    set(DCM_SeriesInstanceUID, "1.2.826.0.1.3680043.10.999.1.1");
    set(DCM_SpecificCharacterSet, "ISO_IR 192");
    set(DCM_PatientName, "Doe^Jane");
    set(DCM_PatientID, "PID-1");
    set(DCM_PatientBirthDate, "19700102");
    set(DCM_PatientSex, "F");
    set(DCM_StudyDate, "20261123");
    set(DCM_StudyTime, "143000");
    set(DCM_StudyID, "S1");
    set(DCM_AccessionNumber, "ACC-1");
    set(DCM_ReferringPhysicianName, "Ref^Erring");
    set(DCM_Modality, "DX");
    set(DCM_BodyPartExamined, "CHEST");
    REQUIRE(dataset.putAndInsertUint16(DCM_Rows, 2000).good());
    REQUIRE(dataset.putAndInsertUint16(DCM_Columns, 1600).good());
}

std::unique_ptr<Made> made_of(const std::vector<Sent>& all) {
    auto made = std::make_unique<Made>();
    DcmFileFormat file;
    fill(*file.getDataset());
    for (const Sent& sent : all) {
        DcmDataset& dataset = *file.getDataset();
        REQUIRE(dataset.putAndInsertString(DCM_SpecificCharacterSet, sent.character_set.c_str())
                    .good());
        REQUIRE(dataset.putAndInsertString(sent.tag, sent.bytes.c_str()).good());
    }
    made->image = made->folder.path() / "image.dcm";
    REQUIRE(file.saveFile(made->image.c_str(), EXS_LittleEndianExplicit).good());
    auto image = examples::with_findings();
    made->source = read_source(made->image);
    image.source = made->source;
    auto job = examples::report({image});
    made->report = measurement_report(job);
    job.sop_class = Uid{kReportClasses.back()};
    made->plain = measurement_report(job);
    CHECK(verify(made->report, made->source) == std::vector<std::string>{});
    made->file = from_part10(made->report.part10);
    return made;
}

std::unique_ptr<Made> made_of(const Sent& sent) {
    return made_of(std::vector<Sent>{sent});
}

const std::string kLong(80, 'x');

}  // namespace

TEST_CASE("a legal value is copied as it is", "[dicom_sr][identity]") {
    const Sent rows[] = {
        {DCM_AccessionNumber, "2026-01/02 #3"},
        {DCM_AccessionNumber, "1234567890123456"},
        {DCM_PatientID, "ABC'^=*?\"<>&;|"},
        {DCM_PatientID, "007"},
        {DCM_PatientID, "아이디-1"},
        {DCM_IssuerOfPatientID, "Hospital^A&1.2.3&ISO"},
        {DCM_StudyID, "s_1.A"},
        {DCM_PatientName, "Hong^Gildong=洪^吉洞=홍^길동"},
        {DCM_PatientName, "O'Brien^Zoë^^Dr.^MD"},
        {DCM_ReferringPhysicianName, "Ünal^Çağrı"},
        {DCM_PatientBirthDate, "19000101"},
        {DCM_PatientSex, "O"},
        {DCM_PatientAge, "000Y"},
        {DCM_StudyDescription, "Thorax p.a. / 2 Ebenen"},
    };
    for (const Sent& sent : rows) {
        CAPTURE(sent.bytes);
        const auto made = made_of(sent);
        CHECK(value(made->dataset(), sent.tag) == sent.bytes);
        CHECK(left_out(made->source).empty());
        CHECK_FALSE(made->dataset().tagExists(DCM_OriginalAttributesSequence));
        CHECK(made->judged().empty());
        CHECK(made->judged_beside_image().empty());
    }
}

TEST_CASE("a value longer than its VR is copied whole, and two orders stay two",
          "[dicom_sr][identity]") {
    const Sent rows[] = {
        {DCM_AccessionNumber, "ACC-20260102-000001234"},
        {DCM_AccessionNumber, "ACC-20260102-000009999"},
        {DCM_StudyID, "1.2.840.40823.1.1.1.198.1403676817.934.365.92"},
        {DCM_PatientID, kLong + "1"},
        {DCM_IssuerOfPatientID, kLong},
        {DCM_PatientName, kLong + "^B"},
        {DCM_PatientName, "A^B=C^D=E^F=G^H"},
        {DCM_ReferringPhysicianName, kLong + "^Dr"},
        {DCM_StudyDescription,
         "Röntgen Thorax in zwei Ebenen, stehend, Inspiration, Kontrolle nach Drainage"},
    };
    for (const Sent& sent : rows) {
        CAPTURE(sent.bytes);
        const auto made = made_of(sent);
        CHECK(value(made->dataset(), sent.tag) == sent.bytes);
        CHECK(left_out(made->source).empty());
        CHECK(made->judged_beside_image().empty());
        // The one complaint is about the length of the value that the image has, too.
        std::istringstream lines(made->judged());
        for (std::string line; std::getline(lines, line);) {
            CAPTURE(line);
            const bool of_the_sender =
                line.find("Length invalid for this VR") != std::string::npos ||
                line.find("Person Name") != std::string::npos ||
                line.find("component") != std::string::npos;
            CHECK(of_the_sender);
            CHECK(line.find(DcmTag(sent.tag).getTagName()) != std::string::npos);
        }
    }
}

TEST_CASE("a value in which readers find another is left out, with the original beside",
          "[dicom_sr][identity]") {
    struct Row {
        Sent sent;
        std::string words;  ///< of the report
    };
    const Row rows[] = {
        {{DCM_AccessionNumber, "ACC\\1"}, "as sent: ACC\\1"},
        {{DCM_AccessionNumber, "12\n34"}, "as sent: 12\\x0A34"},
        {{DCM_AccessionNumber,
          "12\x7F"
          "34"},
         "as sent: 12\\x7F34"},
        {{DCM_StudyID, "2026\\11"}, "as sent: 2026\\11"},
        {{DCM_PatientID, "DOMAIN\\7"}, "as sent: DOMAIN\\7"},
        {{DCM_PatientID, "12\t34"}, "as sent: 12\\x0934"},
        {{DCM_PatientID, std::string(300, '7')}, "as sent: 777"},
        {{DCM_PatientID, "12\xB1", "ISO_IR 149"}, "as sent: 12\\xB1"},
        {{DCM_IssuerOfPatientID, "A\\B"}, "as sent: A\\B"},
        {{DCM_PatientName, "Doe\\Roe^Jane"}, "as sent: Doe\\Roe^Jane"},
        {{DCM_PatientName, "Kim^\xB1", "ISO_IR 149"}, "as sent: Kim^\\xB1"},
        {{DCM_PatientName, "\xBF\xD5\xE2\xE0", "ISO_IR 6"}, "as sent: \\xBF\\xD5\\xE2\\xE0"},
        {{DCM_ReferringPhysicianName, "A\\B"}, "as sent: A\\B"},
        {{DCM_PlacerOrderNumberImagingServiceRequest, "A\\B"}, "as sent: A\\B"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.words);
        const auto made = made_of(row.sent);
        CHECK(value(made->dataset(), row.sent.tag).empty());
        CHECK(made->says(row.words));
        REQUIRE(left_out(made->source).size() == 1);
        CHECK(left_out(made->source)[0].name == DcmTag(row.sent.tag).getTagName());
        CHECK(made->dataset().tagExists(DCM_OriginalAttributesSequence));
        CHECK(made->judged().empty());
    }
}

TEST_CASE("two values that are left out are still those of two patients", "[dicom_sr][identity]") {
    const auto one = made_of({DCM_PatientID, "A\\B"}), other = made_of({DCM_PatientID, "A\\C"});
    CHECK(one->source.patient_id != other->source.patient_id);
    const auto lost = made_of({DCM_PatientID, "A\xB1", "ISO_IR 149"});
    const auto lost_too = made_of({DCM_PatientID, "A\xB2", "ISO_IR 149"});
    CHECK(lost->source.patient_id != lost_too->source.patient_id);
}

TEST_CASE("a birth date and a sex say no more than is known", "[dicom_sr][identity]") {
    struct Row {
        Sent sent;
        std::string written;
    };
    const Row rows[] = {
        {{DCM_PatientBirthDate, "1950/01/01"}, "19500101"},
        {{DCM_PatientBirthDate, "1950.01.01"}, "19500101"},
        {{DCM_PatientBirthDate, "1950-01-01"}, "19500101"},
        {{DCM_PatientBirthDate, "1950-1-1"}, "19500101"},
        {{DCM_PatientBirthDate, "00000000"}, ""},
        {{DCM_PatientBirthDate, "19500231"}, ""},
        {{DCM_PatientBirthDate, "1950"}, ""},
        {{DCM_PatientBirthDate, "01/02/1950"}, ""},
        {{DCM_PatientBirthDate, "UNKNOWN"}, ""},
        {{DCM_PatientBirthDate, ""}, ""},
        {{DCM_PatientSex, "m"}, "M"},
        {{DCM_PatientSex, "FEMALE"}, "F"},
        {{DCM_PatientSex, "U"}, ""},
        {{DCM_PatientSex, "W"}, ""},
        {{DCM_PatientSex, ""}, ""},
        {{DCM_PatientAge, "45Y"}, "045Y"},
        {{DCM_PatientAge, "45"}, ""},
        {{DCM_StudyDate, "2026/11/23"}, "20261123"},
        {{DCM_StudyDate, "20261399"}, ""},
    };
    for (const auto& [sent, written] : rows) {
        CAPTURE(sent.bytes, written);
        const auto made = made_of(sent);
        CHECK(value(made->dataset(), sent.tag) == written);
        const bool is_unsaid = written.empty() && !sent.bytes.empty();
        CHECK(left_out(made->source).size() == (is_unsaid ? 1 : 0));
        if (is_unsaid) CHECK(made->says("as sent: " + sent.bytes));
        CHECK(made->judged().empty());
    }
}

TEST_CASE("a name under a misspelt or missing character set arrives whole",
          "[dicom_sr][identity]") {
    struct Row {
        Sent sent;
        std::string name;
    };
    const Row rows[] = {
        {{DCM_PatientName, "홍^길동", ""}, "홍^길동"},
        {{DCM_PatientName, "M\xFCller^J\xF6rg", "ISO_IR100"}, "Müller^Jörg"},
        {{DCM_PatientName, "M\xFCller^J\xF6rg", "iso_ir 100"}, "Müller^Jörg"},
        {{DCM_PatientName, "M\xFCller^J\xF6rg", "ISO 2022 IR 100"}, "Müller^Jörg"},
        {{DCM_PatientName, "M\xFCller^J\xF6rg", "ISO_IR 100\\ISO 2022 IR 100"}, "Müller^Jörg"},
        {{DCM_PatientName, "홍^길동", "UTF-8"}, "홍^길동"},
        {{DCM_PatientName, "\xC8\xAB^\xB1\xE6\xB5\xBF", "EUC-KR"}, "홍^길동"},
        {{DCM_PatientName, "\xCD\xF5^\xD0\xA1\xB6\xAB", "GBK"}, "王^小东"},
    };
    for (const auto& [sent, name] : rows) {
        CAPTURE(sent.character_set, name);
        const auto made = made_of(sent);
        CHECK(value(made->dataset(), DCM_PatientName) == name);
        CHECK(left_out(made->source).empty());
        CHECK(test::iod_errors(made->folder.keep("report.dcm", made->report.part10)).empty());
        // Read again, as the next version of the node reads it: the same patient.
        CHECK(read_source(made->folder.path() / "report.dcm").patient_name == name);
    }
}

TEST_CASE("the request's numbers are copied where there is one request", "[dicom_sr][identity]") {
    const auto report_of = [](int requests) {
        Folder folder;
        DcmFileFormat file;
        DcmDataset& dataset = *file.getDataset();
        fill(dataset);
        for (int i = 0; i < requests; ++i) {
            DcmItem* item = nullptr;
            REQUIRE(
                dataset.findOrCreateSequenceItem(DCM_RequestAttributesSequence, item, -2).good());
            const auto id = "RP-2026-0000000-" + std::to_string(i);
            REQUIRE(item->putAndInsertString(DCM_RequestedProcedureID, id.c_str()).good());
        }
        REQUIRE(dataset.putAndInsertString(DCM_PlacerOrderNumberImagingServiceRequest, "PLACER-1")
                    .good());
        const auto path = folder.path() / "image.dcm";
        REQUIRE(file.saveFile(path.c_str(), EXS_LittleEndianExplicit).good());
        auto image = examples::with_findings();
        image.source = read_source(path);
        return from_part10(measurement_report(examples::report({image})).part10);
    };
    const auto asked = [&](int requests, const DcmTagKey& tag) {
        const auto file = report_of(requests);
        DcmItem* item = nullptr;
        REQUIRE(
            file->getDataset()->findAndGetSequenceItem(DCM_ReferencedRequestSequence, item).good());
        return value(*item, tag);
    };
    CHECK(asked(1, DCM_RequestedProcedureID) == "RP-2026-0000000-0");
    CHECK(asked(2, DCM_RequestedProcedureID).empty());
    CHECK(asked(0, DCM_RequestedProcedureID).empty());
    CHECK(asked(1, DCM_PlacerOrderNumberImagingServiceRequest) == "PLACER-1");
    CHECK(asked(1, DCM_AccessionNumber) == "ACC-1");
}
