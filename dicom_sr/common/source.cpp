// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/object.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcfilefo.h"
#include "dcmtk/dcmdata/dcistrmf.h"
#include "dcmtk/dcmdata/dcmetinf.h"
#include "dcmtk/dcmdata/dcsequen.h"

#include "conf/base/error.h"
#include "conf/dicom/lenient_reading.h"
#include "conf/dicom/text.h"
#include "dicom_sr/common/fitting.h"
#include "dicom_sr/common/orders.h"

namespace bucky::dicom_sr {
namespace {

// Anything longer than this is no attribute that a result copies, and stays on disk.
constexpr Uint32 kReadLengthMax = 64 * 1024;

class Attributes {
public:
    explicit Attributes(DcmItem& dataset) : dataset_(dataset) {
        (void)dataset_.findAndGetOFStringArray(DCM_SpecificCharacterSet, character_set_);
    }
    /// Of an item of a sequence, which is in the character set of its data set.
    Attributes(DcmItem& item, OFString character_set)
        : dataset_(item), character_set_(std::move(character_set)) {}

    std::string text(const DcmTagKey& tag) const {
        OFString raw;
        if (dataset_.findAndGetOFStringArray(tag, raw).bad()) return {};
        return to_utf8(raw, character_set_, DcmTag(tag).getEVR() == EVR_PN);
    }

    /// Text that results copy; what they do not copy as it stands is kept as it came.
    std::string copied(const DcmTagKey& tag, Source& source) const {
        OFString raw;
        if (dataset_.findAndGetOFStringArray(tag, raw).bad()) return {};
        while (!raw.empty() && raw.back() == '\0') raw.pop_back();  // padding
        const Decoded read = decoded(raw, character_set_, DcmTag(tag).getEVR() == EVR_PN);
        const bool is_lost = read.reading == Reading::lost;
        const std::string text = is_lost || has_controls(raw) ? escaped(raw) : read.text;
        const auto keep = [&](OriginalText::Why why) {
            source.originals.push_back({tag.getGroup(), tag.getElement(), raw, why});
        };
        if (is_lost) {
            keep(OriginalText::Why::lost);
        } else if (!text.empty() && fitted(tag, text).empty()) {
            keep(OriginalText::Why::illegal);
        } else if (read.reading == Reading::guessed) {
            keep(OriginalText::Why::guessed);
        }
        return text;
    }

    const std::string& character_set() const { return character_set_; }

    std::uint32_t number(const DcmTagKey& tag, std::uint32_t otherwise) const {
        Uint16 value = 0;
        return dataset_.findAndGetUint16(tag, value).good() ? value : otherwise;
    }

    std::uint32_t frames() const {
        Sint32 count = 1;
        const bool said = dataset_.findAndGetSint32(DCM_NumberOfFrames, count).good();
        return said && count > 1 ? static_cast<std::uint32_t>(count) : 1;
    }

    Uid uid(const DcmTagKey& tag, std::string_view named) const {
        const std::string value = text(tag);
        if (value.empty()) throw Error(Fault::bad_input, "the image has no {}", named);
        return Uid(value);
    }

private:
    /// ESC is no control character: it calls a character set (PS3.5 6.1.2.5).
    static bool has_controls(std::string_view text) {
        return std::ranges::any_of(text, [](char byte) {
            const auto code = static_cast<unsigned char>(byte);
            return (code < 0x20 && code != 0x1B) || code == 0x7F;
        });
    }

    DcmItem& dataset_;
    OFString character_set_;
};

void read_patient(const Attributes& from, Source& source) {
    source.patient_name = from.copied(DCM_PatientName, source);
    source.patient_id = from.copied(DCM_PatientID, source);
    source.issuer_of_patient_id = from.copied(DCM_IssuerOfPatientID, source);
    source.birth_date = from.copied(DCM_PatientBirthDate, source);
    source.sex = from.copied(DCM_PatientSex, source);
    source.age = from.copied(DCM_PatientAge, source);
    source.size = from.text(DCM_PatientSize);
    source.weight = from.text(DCM_PatientWeight);
    source.admission_id = from.copied(DCM_AdmissionID, source);
}

/// Of the request whose images these are; of several, none (PS3.3 Table 10-9).
void read_request(DcmItem& dataset, Source& source) {
    DcmSequenceOfItems* requests = nullptr;
    (void)dataset.findAndGetSequence(DCM_RequestAttributesSequence, requests);
    if (requests == nullptr || requests->card() != 1) return;
    OFString character_set;
    (void)dataset.findAndGetOFStringArray(DCM_SpecificCharacterSet, character_set);
    const Attributes request(*requests->getItem(0), character_set);
    source.requested_procedure_id = request.copied(DCM_RequestedProcedureID, source);
    source.requested_procedure = request.copied(DCM_RequestedProcedureDescription, source);
}

void read_study(const Attributes& from, Source& source) {
    source.study = from.uid(DCM_StudyInstanceUID, "Study Instance UID");
    source.study_date = from.copied(DCM_StudyDate, source);
    source.study_time = from.text(DCM_StudyTime);
    source.study_id = from.copied(DCM_StudyID, source);
    source.study_description = from.copied(DCM_StudyDescription, source);
    source.accession_number = from.copied(DCM_AccessionNumber, source);
    source.referring_physician = from.copied(DCM_ReferringPhysicianName, source);
    source.placer_order = from.copied(DCM_PlacerOrderNumberImagingServiceRequest, source);
    source.filler_order = from.copied(DCM_FillerOrderNumberImagingServiceRequest, source);
    source.timezone_offset = from.text(DCM_TimezoneOffsetFromUTC);
}

void read_image(const Attributes& from, Source& source) {
    source.sop_class = from.uid(DCM_SOPClassUID, "SOP Class UID");
    source.sop_instance = from.uid(DCM_SOPInstanceUID, "SOP Instance UID");
    source.series_number = from.text(DCM_SeriesNumber);
    source.series_description = from.text(DCM_SeriesDescription);
    source.instance_number = from.text(DCM_InstanceNumber);
    source.modality = from.text(DCM_Modality);
    source.body_part = from.text(DCM_BodyPartExamined);
    source.view_position = from.text(DCM_ViewPosition);
    source.laterality = from.text(DCM_ImageLaterality);
    if (source.laterality.empty()) source.laterality = from.text(DCM_Laterality);
    source.patient_orientation = from.text(DCM_PatientOrientation);
    source.acquisition_date = from.text(DCM_AcquisitionDate);
    source.acquisition_time = from.text(DCM_AcquisitionTime);
    source.content_date = from.text(DCM_ContentDate);
    source.content_time = from.text(DCM_ContentTime);
    source.manufacturer = from.text(DCM_Manufacturer);
    source.model_name = from.text(DCM_ManufacturerModelName);
    source.institution = from.copied(DCM_InstitutionName, source);
    source.burned_in_annotation = from.text(DCM_BurnedInAnnotation);
    source.lossy_compression = from.text(DCM_LossyImageCompression);
    source.lossy_ratio = from.text(DCM_LossyImageCompressionRatio);
    source.lossy_method = from.text(DCM_LossyImageCompressionMethod);
    source.rows = from.number(DCM_Rows, 0);
    source.columns = from.number(DCM_Columns, 0);
    source.frames = from.frames();
    source.pixel_spacing = from.text(DCM_PixelSpacing);
    if (source.pixel_spacing.empty()) source.pixel_spacing = from.text(DCM_ImagerPixelSpacing);
    source.pixel_aspect_ratio = from.text(DCM_PixelAspectRatio);
}

/// What the File Meta Information says where the dataset does not (PS3.10 7.1).
void complete_from_meta(DcmMetaInfo& meta, DcmItem& dataset) {
    const auto complete = [&](const DcmTagKey& from, const DcmTagKey& to) {
        OFString value;
        if (!dataset.tagExistsWithValue(to) && meta.findAndGetOFString(from, value).good()) {
            (void)dataset.putAndInsertOFStringArray(to, value);
        }
    };
    complete(DCM_MediaStorageSOPClassUID, DCM_SOPClassUID);
    complete(DCM_MediaStorageSOPInstanceUID, DCM_SOPInstanceUID);
}

class SourceStream final : public LenientStream<DcmInputFileStream> {
public:
    using LenientStream::LenientStream;
    OFCondition installCompressionFilter(E_StreamCompression type) override {
        return install_after_header(type);
    }
};

}  // namespace

Source read_source(const std::filesystem::path& file) {
    DcmFileFormat format;
    SourceStream stream(OFFilename(file.c_str()));
    format.transferInit();
    const OFCondition read =
        format.readUntilTag(stream, EXS_Unknown, EGL_noChange, kReadLengthMax, DCM_PixelData);
    format.transferEnd();
    // A file that breaks off says who it is of all the same.
    if (read.bad() && format.getDataset()->card() == 0) {
        throw Error(Fault::bad_input, "not a DICOM image: {}", read.text());
    }
    DcmDataset& dataset = *format.getDataset();
    complete_from_meta(*format.getMetaInfo(), dataset);
    const Attributes attributes(dataset);
    Source source;
    source.character_set = cleaned(attributes.character_set());
    read_patient(attributes, source);
    read_study(attributes, source);
    read_request(dataset, source);
    read_orders(dataset, std::string(attributes.character_set()), source);
    read_image(attributes, source);
    // A result needs the series to refer to the image; without one, the study stands in for it.
    const std::string series = attributes.text(DCM_SeriesInstanceUID);
    source.series = series.empty() ? source.study : Uid(series);
    return source;
}

}  // namespace bucky::dicom_sr
