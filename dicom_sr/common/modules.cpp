// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/modules.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <optional>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcitem.h"
#include "dcmtk/dcmdata/dcsequen.h"
#include "dcmtk/dcmdata/dcuid.h"

#include "conf/base/error.h"
#include "conf/base/product.h"
#include "dicom_sr/common/codes.h"
#include "dicom_sr/common/identity.h"
#include "dicom_sr/common/originals.h"
#include "dicom_sr/common/text.h"

namespace bucky::dicom_sr {
namespace {

void check(const OFCondition& made, const DcmTagKey& tag) {
    if (made.bad()) {
        throw Error(Fault::bug, "attribute {} cannot be written: {}", tag.toString(), made.text());
    }
}

bool all_digits(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string without(std::string_view text, std::string_view unwanted) {
    std::string out(text);
    std::erase_if(out, [&](char c) { return unwanted.find(c) != std::string_view::npos; });
    return out;
}

std::string fitted_age(std::string_view text) {
    const bool well_formed = text.size() == 4 && all_digits(text.substr(0, 3)) &&
                             std::string_view("DWMY").find(text[3]) != std::string_view::npos;
    return well_formed ? std::string(text) : "";
}

std::string fitted_number(std::string_view text) {
    const std::string number(text.substr(0, std::min(text.find('\\'), text.size())));
    char* end = nullptr;
    (void)std::strtod(number.c_str(), &end);
    const bool well_formed = !number.empty() && number.size() <= 16 && *end == '\0' &&
                             number.find_first_not_of("0123456789+-.eE") == std::string::npos;
    return well_formed ? number : "";
}

std::string fitted_code_string(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto upper = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        const bool taken = std::isupper(static_cast<unsigned char>(upper)) != 0 ||
                           std::isdigit(static_cast<unsigned char>(upper)) != 0 || upper == ' ' ||
                           upper == '_' || upper == '\\';
        if (taken) out += upper;
    }
    return out.size() <= 16 || out.find('\\') != std::string::npos ? out : out.substr(0, 16);
}

/// Each of the three component groups has 64 characters of its own (PS3.5 6.2.1).
std::string fitted_name(std::string_view text) {
    std::string out;
    for (int group = 0; group < 3; ++group) {
        const std::size_t end = std::min(text.find('='), text.size());
        out += (group > 0 ? "=" : "") + shortened(text.substr(0, end), 64);
        if (end == text.size()) break;
        text.remove_prefix(end + 1);
    }
    return out;
}

/// A frame number may stand only beside an instance of a multi-frame class (PS3.3 Table 10-3).
/// An instance of another class that claims several frames is referred to as a whole.
bool is_multi_frame(const Source& source) {
    constexpr std::string_view kClasses[] = {
        UID_MultiframeSingleBitSecondaryCaptureImageStorage,
        UID_MultiframeGrayscaleByteSecondaryCaptureImageStorage,
        UID_MultiframeGrayscaleWordSecondaryCaptureImageStorage,
        UID_MultiframeTrueColorSecondaryCaptureImageStorage,
        UID_XRayAngiographicImageStorage,
        UID_XRayRadiofluoroscopicImageStorage,
        UID_EnhancedXAImageStorage,
        UID_EnhancedXRFImageStorage,
        UID_BreastTomosynthesisImageStorage,
        UID_XRay3DAngiographicImageStorage,
    };
    return source.frames > 1 &&
           std::ranges::find(kClasses, source.sop_class.str()) != std::end(kClasses);
}

std::size_t characters_of(DcmEVR vr) {
    switch (vr) {
        case EVR_SH: return 16;
        case EVR_LO: return 64;
        case EVR_ST: return 1024;
        case EVR_LT: return 10240;
        default: return 65536;
    }
}

}  // namespace

/// DA, also from 2026.11.23 (ACR-NEMA) and 2026-11-23 (not DICOM, but seen); else empty.
std::string fitted_date(std::string_view text) {
    const std::string digits = without(text, ".-");
    return digits.size() == 8 && all_digits(digits) ? digits : "";
}

std::string fitted_time(std::string_view text) {
    const std::string compact = without(text, ":");
    const std::size_t dot = std::min(compact.find('.'), compact.size());
    const std::string whole = compact.substr(0, dot);
    if (!all_digits(whole) || whole.size() % 2 != 0 || whole.size() > 6) return "";
    if (dot == compact.size()) return whole;
    const std::string fraction = compact.substr(dot + 1, 6);
    return whole.size() == 6 && all_digits(fraction) ? whole + '.' + fraction : whole;
}

std::string fitted(const DcmTagKey& tag, std::string_view raw) {
    const std::string text = cleaned(raw);
    // A shortened identifier may be that of another patient.
    if (tag == DCM_PatientID) return text;
    const DcmEVR vr = DcmTag(tag).getEVR();
    switch (vr) {
        case EVR_DA: return fitted_date(text);
        case EVR_TM: return fitted_time(text);
        case EVR_AS: return fitted_age(text);
        case EVR_DS: return fitted_number(text);
        case EVR_IS: return all_digits(text) && text.size() <= 9 ? text : "";
        case EVR_CS: return fitted_code_string(text);
        case EVR_PN: return fitted_name(text);
        case EVR_SH:
        case EVR_LO: {
            std::string one_value = text;  // a backslash would make it two
            std::ranges::replace(one_value, '\\', '/');
            return shortened(one_value, characters_of(vr));
        }
        default: return shortened(text, characters_of(vr));
    }
}

void put(DcmItem& item, const DcmTagKey& tag, std::string_view text) {
    check(item.putAndInsertOFStringArray(tag, fitted(tag, text)), tag);
}

void put_known(DcmItem& item, const DcmTagKey& tag, std::string_view text) {
    if (!fitted(tag, text).empty()) put(item, tag, text);
}

DcmItem& new_item(DcmItem& item, const DcmTagKey& sequence) {
    DcmItem* made = nullptr;
    check(item.findOrCreateSequenceItem(sequence, made, -2), sequence);  // -2: append
    return *made;
}

DcmItem& put_reference(DcmItem& item, const DcmTagKey& sequence, const ImageReference& image) {
    DcmItem& reference = new_item(item, sequence);
    put(reference, DCM_ReferencedSOPClassUID, image.sop_class.str());
    put(reference, DCM_ReferencedSOPInstanceUID, image.sop_instance.str());
    if (image.frame) put(reference, DCM_ReferencedFrameNumber, std::to_string(*image.frame));
    return reference;
}

void put_number(DcmItem& item, const DcmTagKey& tag, std::uint32_t value) {
    check(item.putAndInsertUint16(tag, static_cast<Uint16>(value)), tag);
}

void put_floats(DcmItem& item, const DcmTagKey& tag, std::span<const float> values) {
    check(item.putAndInsertFloat32Array(tag, values.data(), values.size()), tag);
}

void put_code(DcmItem& item, const DcmTagKey& sequence, const inference::Code& code) {
    DcmItem& entry = new_item(item, sequence);
    put(entry, DCM_CodeValue, code.value);
    put(entry, DCM_CodingSchemeDesignator, code.scheme);
    put(entry, DCM_CodeMeaning, code.meaning);
}

LocalTime local_time(std::int64_t at_ms, const Source& source) {
    const std::string& zone = source.timezone_offset;  // &ZZXX, PS3.3 C.12.1.1.8
    std::tm parts{};
    std::time_t seconds = static_cast<std::time_t>(at_ms / 1000);
    if (zone.size() == 5 && (zone[0] == '+' || zone[0] == '-') && all_digits(zone.substr(1))) {
        const int minutes = std::stoi(zone.substr(1, 2)) * 60 + std::stoi(zone.substr(3, 2));
        seconds += (zone[0] == '-' ? -60 : 60) * minutes;
        gmtime_r(&seconds, &parts);
    } else {
        localtime_r(&seconds, &parts);
    }
    return {fmt::format("{:04}{:02}{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday),
            fmt::format("{:02}{:02}{:02}.{:03}", parts.tm_hour, parts.tm_min, parts.tm_sec,
                        at_ms % 1000)};
}

void write_sop_common(DcmItem& dataset, const Uid& sop_class, const Uid& sop_instance,
                      const LocalTime& created, const Source& source) {
    put(dataset, DCM_SpecificCharacterSet, "ISO_IR 192");
    put(dataset, DCM_SOPClassUID, sop_class.str());
    put(dataset, DCM_SOPInstanceUID, sop_instance.str());
    put(dataset, DCM_InstanceCreationDate, created.date);
    put(dataset, DCM_InstanceCreationTime, created.time);
    put_known(dataset, DCM_TimezoneOffsetFromUTC, source.timezone_offset);
    write_originals(dataset, created, source);
}

void write_patient(DcmItem& dataset, const Source& source) {
    put(dataset, DCM_PatientName, source.patient_name);
    put(dataset, DCM_PatientID, source.patient_id);
    put_known(dataset, DCM_IssuerOfPatientID, source.issuer_of_patient_id);
    put(dataset, DCM_PatientBirthDate, source.birth_date);
    put(dataset, DCM_PatientSex, source.sex);
    put_known(dataset, DCM_PatientAge, source.age);
    put_known(dataset, DCM_PatientSize, source.size);
    put_known(dataset, DCM_PatientWeight, source.weight);
}

void write_study(DcmItem& dataset, const Source& source) {
    put(dataset, DCM_StudyInstanceUID, source.study.str());
    put(dataset, DCM_StudyDate, source.study_date);
    put(dataset, DCM_StudyTime, source.study_time);
    put(dataset, DCM_StudyID, source.study_id);
    put(dataset, DCM_AccessionNumber, source.accession_number);
    put(dataset, DCM_ReferringPhysicianName, source.referring_physician);
    put_known(dataset, DCM_StudyDescription, source.study_description);
}

void write_series(DcmItem& dataset, std::string_view modality, const Uid& series,
                  std::string_view number, std::string_view description, const Source& source) {
    put(dataset, DCM_Modality, modality);
    put(dataset, DCM_SeriesInstanceUID, series.str());
    put(dataset, DCM_SeriesNumber, number);
    put(dataset, DCM_SeriesDescription, description);
    put_known(dataset, DCM_BodyPartExamined, source.body_part);
    // Type 2C of a paired body part (PS3.3 C.7.3.1); a part that is not named may be one.
    // A segmentation must not have it: its segments have anatomic regions.
    const bool may = modality != "SEG" && !dataset.tagExists(DCM_BodyPartExamined);
    if (may) put(dataset, DCM_Laterality, source.laterality);
}

void write_equipment(DcmItem& dataset, std::string_view node_name, std::string_view version) {
    put(dataset, DCM_Manufacturer, kManufacturer);
    put(dataset, DCM_ManufacturerModelName, kManufacturerModel);
    put_known(dataset, DCM_StationName, node_name);
    put_known(dataset, DCM_SoftwareVersions, version);
}

void write_algorithms(DcmItem& dataset, std::span<const inference::ModelIdentity> models) {
    for (const inference::ModelIdentity& model : models) {
        DcmItem& item = new_item(dataset, DCM_ContributingEquipmentSequence);
        put_code(item, DCM_PurposeOfReferenceCodeSequence, codes::kProcessingEquipment);
        put(item, DCM_Manufacturer, model.vendor);
        put(item, DCM_ManufacturerModelName, model.name);
        put(item, DCM_SoftwareVersions, model.version);
        put(item, DCM_DeviceUID, algorithm_uid(model).str());
        put_known(item, DCM_ContributionDescription, model.intended_use);
    }
}

std::string instance_number_after(const Source& source) {
    const auto small_number = [](const std::string& text) {
        return all_digits(text) && text.size() <= 5 ? std::optional(std::stoi(text)) : std::nullopt;
    };
    const auto series = small_number(source.series_number);
    const auto instance = small_number(source.instance_number);
    if (!series || !instance || *instance > 999) return source.instance_number;
    return std::to_string(*series * 1000 + *instance);
}

std::vector<inference::ModelIdentity> models_of(std::span<const ReportedImage> images) {
    std::vector<inference::ModelIdentity> models;
    for (const ReportedImage& image : images) {
        const auto& model = image.result.model;
        if (!model) continue;
        const bool known = std::ranges::any_of(
            models, [&](const auto& one) { return one.sha256 == model->sha256; });
        if (!known) models.push_back(*model);
    }
    return models;
}

ImageReference reference_of(const ReportedImage& image) {
    ImageReference reference{image.source.sop_class, image.source.sop_instance, {}};
    if (is_multi_frame(image.source)) reference.frame = image.result.frame;
    return reference;
}

bool was_analysed(const inference::ImageResult& result) {
    switch (result.verdict) {
        case inference::Verdict::findings:
        case inference::Verdict::no_findings: return true;
        case inference::Verdict::not_analysed:
        case inference::Verdict::failed: return false;
    }
    __builtin_unreachable();
}

}  // namespace bucky::dicom_sr
