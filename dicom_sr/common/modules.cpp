// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/modules.h"

#include <algorithm>
#include <cctype>
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
#include "dicom_sr/common/orders.h"
#include "dicom_sr/common/originals.h"

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

/// The terms of PS3.16 Annex L for regions that the body has once.
bool is_unpaired(std::string_view body_part) {
    constexpr std::string_view kUnpaired[] = {"ABDOMEN", "CHEST",  "COCCYX",   "CSPINE", "HEAD",
                                              "HEART",   "LSPINE", "NECK",     "PELVIS", "SKULL",
                                              "SSPINE",  "TSPINE", "WHOLEBODY"};
    return std::ranges::find(kUnpaired, body_part) != std::end(kUnpaired);
}

}  // namespace

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
    std::string offset = zone;
    if (zone.size() == 5 && (zone[0] == '+' || zone[0] == '-') && all_digits(zone.substr(1))) {
        const int minutes = std::stoi(zone.substr(1, 2)) * 60 + std::stoi(zone.substr(3, 2));
        seconds += (zone[0] == '-' ? -60 : 60) * minutes;
        gmtime_r(&seconds, &parts);
    } else {
        localtime_r(&seconds, &parts);
        const long minutes = std::labs(parts.tm_gmtoff) / 60;
        offset = fmt::format("{}{:02}{:02}", parts.tm_gmtoff < 0 ? '-' : '+', minutes / 60,
                             minutes % 60);
    }
    return {fmt::format("{:04}{:02}{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday),
            fmt::format("{:02}{:02}{:02}.{:03}", parts.tm_hour, parts.tm_min, parts.tm_sec,
                        at_ms % 1000),
            offset};
}

std::string local_time_text(std::int64_t at_ms, const Source& source) {
    const auto [date, time, offset] = local_time(at_ms, source);
    return fmt::format("{}-{}-{} {}:{}:{} {}", date.substr(0, 4), date.substr(4, 2), date.substr(6),
                       time.substr(0, 2), time.substr(2, 2), time.substr(4, 2), offset);
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
    put_known(dataset, DCM_AdmissionID, source.admission_id);
    write_patient_ids(dataset, source);
}

void write_study(DcmItem& dataset, const Source& source) {
    put(dataset, DCM_StudyInstanceUID, source.study.str());
    put(dataset, DCM_StudyDate, source.study_date);
    put(dataset, DCM_StudyTime, source.study_time);
    put(dataset, DCM_StudyID, source.study_id);
    put(dataset, DCM_AccessionNumber, source.accession_number);
    put(dataset, DCM_ReferringPhysicianName, source.referring_physician);
    put_known(dataset, DCM_StudyDescription, source.study_description);
    write_study_order(dataset, source);
}

void write_series(DcmItem& dataset, std::string_view modality, const Uid& series,
                  std::string_view number, std::string_view description, const Source& source) {
    put(dataset, DCM_Modality, modality);
    put(dataset, DCM_SeriesInstanceUID, series.str());
    put(dataset, DCM_SeriesNumber, number);
    put(dataset, DCM_SeriesDescription, description);
    put_known(dataset, DCM_BodyPartExamined, source.body_part);
    write_request_attributes(dataset, source);
    // Type 2C of a paired body part (PS3.3 C.7.3.1); a part that is not named, or in words of the
    // device's own, may be one. A segmentation must not have it: its segments have anatomic
    // regions.
    if (modality != "SEG" && !is_unpaired(source.body_part)) {
        const bool is_side = source.laterality == "L" || source.laterality == "R";
        put(dataset, DCM_Laterality, is_side ? source.laterality : "");  // an image's may be U or B
    }
}

void write_equipment(DcmItem& dataset, std::string_view node_name, std::string_view version,
                     const Source& source) {
    put(dataset, DCM_Manufacturer, kManufacturer);
    put(dataset, DCM_ManufacturerModelName, kManufacturerModel);
    put_known(dataset, DCM_InstitutionName, source.institution);
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
        put(item, DCM_ContributionDescription,
            fmt::format("{}: {}", name_of(model.purpose), model.intended_use));
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
