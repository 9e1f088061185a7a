// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/remote/rich_header.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/ofstd/ofchrenc.h>
#include <fmt/format.h>

namespace bucky::test {
namespace {

constexpr std::size_t kPrefix = sizeof(std::uint32_t);
constexpr std::string_view kKorean = "\x1b$)C";  // ISO 2022: G1 is KS X 1001 (PS3.3 C.12.1.1.2)

void check(const OFCondition& done) {
    if (done.bad()) throw std::runtime_error(done.text());
}

void put(DcmItem& item, const DcmTag& tag, const std::string& value) {
    check(item.putAndInsertString(tag, value.c_str()));
}

std::string converted(const std::string& text, const char* encoding) {
    OFCharacterEncoding converter;
    check(converter.selectEncoding("UTF-8", encoding));
    OFString made;
    check(converter.convertString(text.data(), text.size(), made));
    return {made.data(), made.size()};
}

/// In code points of UTF-8.
std::size_t characters_of(const std::string& text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

/// A given name of three syllables that belongs to the number.
std::string korean_name(int number) {
    constexpr const char* kSyllables[]{"민", "서", "준", "지", "현", "우", "영", "수"};
    const auto n = static_cast<unsigned>(number);
    return fmt::format("{}{}{}{}", kSyllables[n % 8], kSyllables[n / 8 % 8], kSyllables[n / 64 % 8],
                       kSyllables[(n + 3) % 8]);
}

void put_persons(DcmItem& dataset, int number) {
    int at = 0;
    for (const auto& tag :
         {DCM_PatientName, DCM_ReferringPhysicianName, DCM_OperatorsName,
          DCM_PerformingPhysicianName, DCM_NameOfPhysiciansReadingStudy, DCM_RequestingPhysician,
          DCM_PatientMotherBirthName, DCM_OtherPatientNames, DCM_ResponsiblePerson}) {
        put(dataset, DcmTag{tag},
            fmt::format("Family{1}x{0}^Given{1}x{0}==김박^{2}{1}", number, ++at,
                        korean_name(number)));
    }
}

void put_words(DcmItem& dataset, int number) {
    int at = 0;
    for (const auto& tag : {DCM_StudyDescription,
                            DCM_SeriesDescription,
                            DCM_PatientID,
                            DCM_IssuerOfPatientID,
                            DCM_RETIRED_OtherPatientIDs,
                            DCM_EthnicGroup,
                            DCM_Occupation,
                            DCM_MedicalAlerts,
                            DCM_Allergies,
                            DCM_DeviceSerialNumber,
                            DCM_SoftwareVersions,
                            DCM_ProtocolName,
                            DCM_AccessionNumber,
                            DCM_StudyID,
                            DCM_RequestedProcedureDescription,
                            DCM_AdmissionID,
                            DCM_CurrentPatientLocation,
                            DCM_MilitaryRank,
                            DCM_CountryOfResidence,
                            DCM_RegionOfResidence,
                            DCM_ImageComments,
                            DCM_PatientTelephoneNumbers,
                            DCM_RequestingService,
                            DCM_PerformedProcedureStepID,
                            DCM_PerformedProcedureStepDescription,
                            DCM_FillerOrderNumberImagingServiceRequest,
                            DCM_PlacerOrderNumberImagingServiceRequest,
                            DCM_DetectorID,
                            DCM_CassetteID,
                            DCM_PlateID}) {
        put(dataset, DcmTag{tag}, fmt::format("W{:02}.{:05}q", ++at, number));
    }
    put(dataset, DcmTag{DCM_StationName}, fmt::format("KR{:02}", number % 100));
    for (const auto& tag :
         {DCM_InstitutionName, DCM_InstitutionAddress, DCM_PatientAddress,
          DCM_InstitutionalDepartmentName, DCM_PatientComments, DCM_AdditionalPatientHistory}) {
        put(dataset, DcmTag{tag}, fmt::format("은평구 보건소 {}호 {}", ++at, number));
    }
}

void put_dates_and_uids(DcmItem& dataset, int number) {
    int at = 0;
    for (const auto& tag :
         {DCM_PatientBirthDate, DCM_StudyDate, DCM_SeriesDate, DCM_AcquisitionDate, DCM_ContentDate,
          DCM_ScheduledProcedureStepStartDate}) {
        ++at;
        put(dataset, DcmTag{tag},
            fmt::format("{}{:02}{:02}", 1930 + (number + at) % 70, 1 + number % 12,
                        1 + (number + at) % 28));
    }
    for (const auto& tag : {DCM_PatientBirthTime, DCM_StudyTime, DCM_AcquisitionTime}) {
        put(dataset, DcmTag{tag}, fmt::format("01{:02}07.{:06}", ++at, number));
    }
    for (const auto& tag : {DCM_StudyInstanceUID, DCM_SeriesInstanceUID, DCM_SOPInstanceUID,
                            DCM_FrameOfReferenceUID, DCM_DeviceUID}) {
        put(dataset, DcmTag{tag}, fmt::format("1.2.826.0.1.3680043.10.511.7.{}.{}", ++at, number));
    }
}

void put_sequence_and_private(DcmItem& dataset, int number) {
    DcmItem* other = nullptr;
    check(dataset.findOrCreateSequenceItem(DcmTag{DCM_OtherPatientIDsSequence}, other));
    put(*other, DcmTag{DCM_PatientID}, fmt::format("900101-{:07}", number));
    put(*other, DcmTag{DCM_IssuerOfPatientID}, fmt::format("주민등록 {}", number));
    put(dataset, DcmTag{0x0029, 0x0010, EVR_LO}, "CLINIC PRIVATE");
    put(dataset, DcmTag{0x0029, 0x1001, EVR_LO}, fmt::format("보호자 전화 {:05}", number));
    const auto bytes = fmt::format("private bytes {}", number);
    check(dataset.putAndInsertUint8Array(DcmTag{0x0029, 0x1002, EVR_OB},
                                         reinterpret_cast<const Uint8*>(bytes.data()),
                                         bytes.size()));
}

std::string bytes_of(DcmElement& element) {
    Uint8* bytes = nullptr;
    check(element.getUint8Array(bytes));
    return {reinterpret_cast<const char*>(bytes), element.getLength()};
}

/// A value, the parts of a person's name, and the parts between changes of the character set.
void add_with_parts(const std::string& value, DcmEVR vr, std::vector<std::string>& into) {
    into.push_back(value);
    if (vr == EVR_DA && value.size() == 8) {
        into.push_back(value.substr(0, 4) + "-" + value.substr(4, 2) + "-" + value.substr(6));
    }
    const std::string_view ends = vr == EVR_PN ? "^=\x1b" : "\x1b";
    for (std::size_t from = 0; from < value.size();) {
        if (value.compare(from, kKorean.size(), kKorean) == 0) from += kKorean.size();
        const auto to = std::min(value.find_first_of(ends, from), value.size());
        into.push_back(value.substr(from, to - from));
        from = value.compare(to, kKorean.size(), kKorean) == 0 ? to : to + 1;
    }
}

bool has_korean(const std::string& text) {
    return std::ranges::any_of(text, [](char byte) { return (byte & 0x80) != 0; });
}

/// UTF-8 to ISO 2022 IR 149: an escape sequence before each part with Korean, since a delimiter
/// ends what it designates (PS3.5 6.1.2.5.3).
std::string in_iso_2022(const std::string& value, DcmEVR vr) {
    std::string made;
    for (std::size_t from = 0; from <= value.size();) {
        const auto to =
            std::min(value.find_first_of(vr == EVR_PN ? "^=\\" : "\\", from), value.size());
        const auto part = value.substr(from, to - from);
        made += has_korean(part) ? std::string{kKorean} + converted(part, "EUC-KR") : part;
        if (to < value.size()) made += value[to];
        from = to + 1;
    }
    return made;
}

void to_iso_2022(DcmItem& item) {
    for (unsigned long at = 0; at < item.card(); ++at) {
        DcmElement& element = *item.getElement(at);
        if (element.ident() == EVR_SQ) {
            auto& sequence = static_cast<DcmSequenceOfItems&>(element);
            for (unsigned long i = 0; i < sequence.card(); ++i) to_iso_2022(*sequence.getItem(i));
        } else if (element.isaString()) {
            OFString value;
            check(element.getOFStringArray(value));
            const std::string text{value.data(), value.size()};
            if (!has_korean(text)) continue;
            check(element.putOFStringArray(in_iso_2022(text, element.ident()).c_str()));
        }
    }
}

/// The values of an item and of those in its sequences, each as the file has it.
void collect(DcmItem& item, std::vector<std::string>& into) {
    for (unsigned long at = 0; at < item.card(); ++at) {
        DcmElement& element = *item.getElement(at);
        if (element.getTag() == DCM_PixelData) continue;
        if (element.ident() == EVR_SQ) {
            auto& sequence = static_cast<DcmSequenceOfItems&>(element);
            for (unsigned long i = 0; i < sequence.card(); ++i) collect(*sequence.getItem(i), into);
        } else if (element.ident() == EVR_OB) {
            into.push_back(bytes_of(element));
        } else {
            OFString value;
            for (unsigned long i = 0; i < element.getVM(); ++i) {
                check(element.getOFString(value, i));
                add_with_parts({value.data(), value.size()}, element.ident(), into);
            }
        }
    }
}

std::vector<std::string> values_of(DcmFileFormat& file) {
    std::vector<std::string> values;
    collect(*file.getMetaInfo(), values);
    collect(*file.getDataset(), values);
    return values;
}

}  // namespace

HeaderValue header_value(const std::string& words, const std::string& own_bytes) {
    return {words, {words, converted(words, "UTF-16LE"), converted(words, "UTF-16BE"), own_bytes}};
}

std::vector<HeaderValue> enrich(const std::filesystem::path& file, int number) {
    DcmFileFormat dicom;
    check(dicom.loadFile(file.c_str()));
    check(dicom.loadAllDataIntoMemory());  // before the file is written anew
    auto& dataset = *dicom.getDataset();
    put_persons(dataset, number);
    put_words(dataset, number);
    put_dates_and_uids(dataset, number);
    put_sequence_and_private(dataset, number);
    check(dicom.saveFile(file.c_str()));
    std::vector<HeaderValue> values;
    for (const auto& value : values_of(dicom)) {
        if (characters_of(value) >= 4) values.push_back(header_value(value, value));
    }
    if (number % 2 == 0) return values;
    to_iso_2022(dataset);
    put(dataset, DcmTag{DCM_SpecificCharacterSet}, "\\ISO 2022 IR 149");
    check(dicom.saveFile(file.c_str()));
    for (const auto& value : values_of(dicom)) {  // four syllables have eight bytes
        if (has_korean(value) && value.size() >= 8) {
            values.push_back({"own bytes: " + value, {value}});
        }
    }
    return values;
}

void ValueSearch::add(const HeaderValue& value) {
    values_.insert(value.words);
    for (const auto& form : value.forms) {
        if (form.size() < kPrefix || !forms_.insert(form).second) continue;
        std::uint32_t first = 0;
        std::memcpy(&first, form.data(), kPrefix);
        by_first_bytes_[first].push_back({form, value.words});
    }
}

std::set<std::string> ValueSearch::found_in(std::string_view bytes) const {
    std::set<std::string> found;
    for (std::size_t at = 0; at + kPrefix <= bytes.size(); ++at) {
        std::uint32_t first = 0;
        std::memcpy(&first, bytes.data() + at, kPrefix);
        const auto those = by_first_bytes_.find(first);
        if (those == by_first_bytes_.end()) continue;
        for (const auto& form : those->second) {
            if (bytes.substr(at).starts_with(form.bytes)) found.insert(form.words);
        }
    }
    return found;
}

}  // namespace bucky::test
