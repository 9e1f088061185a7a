// SPDX-License-Identifier: Apache-2.0
#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcuid.h"

#include <charconv>

#include "conf/base/error.h"
#include "dicom_sr/codes.h"
#include "dicom_sr/identity.h"
#include "dicom_sr/modules.h"
#include "dicom_sr/overlay.h"
#include "dicom_sr/part10.h"
#include "dicom_sr/wording.h"

namespace bucky::dicom_sr {
namespace {

constexpr const char* kSeriesNumber = "9002";  // after what a modality uses; the report has 9001

std::optional<int> small_number(const std::string& text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && value >= 0 && value < 100'000 ? std::optional(value) : std::nullopt;
}

/// All pictures of a study share one series, so that the series number of the image keeps apart
/// two that have the same instance number: image 1 of series 2 becomes 2001.
std::string instance_number(const Source& source) {
    const auto series = small_number(source.series_number);
    const auto instance = small_number(source.instance_number);
    if (!series || !instance || *instance > 999) return source.instance_number;
    return std::to_string(*series * 1000 + *instance);
}

void write_series(DcmItem& dataset, const ReportedImage& image, const OverlayStyle& style,
                  const Uid& series) {
    // Not the image's own modality: no hanging protocol may take the drawing for the radiograph.
    put(dataset, DCM_Modality, "OT");
    put(dataset, DCM_SeriesInstanceUID, series.str());
    put(dataset, DCM_SeriesNumber, kSeriesNumber);
    put(dataset, DCM_SeriesDescription, series_description({&image, 1}, style.language));
    put_known(dataset, DCM_BodyPartExamined, image.source.body_part);
    // Type 2C of a paired body part (PS3.3 C.7.3.1), and who knows what an unnamed part is.
    if (!dataset.tagExists(DCM_BodyPartExamined)) {
        put(dataset, DCM_Laterality, image.source.laterality);
    }
}

void write_derivation(DcmItem& dataset, const ReportedImage& image) {
    const Source& source = image.source;
    put(dataset, DCM_ImageType, "DERIVED\\SECONDARY");
    put(dataset, DCM_DerivationDescription,
        "Windowed for display, resampled, findings drawn in. Not for measurement.");
    DcmItem* origin = nullptr;
    const OFCondition added = dataset.findOrCreateSequenceItem(DCM_SourceImageSequence, origin, -2);
    if (added.bad()) throw Error(Fault::bug, "source of a picture: {}", added.text());
    put(*origin, DCM_ReferencedSOPClassUID, source.sop_class.str());
    put(*origin, DCM_ReferencedSOPInstanceUID, source.sop_instance.str());
    if (const auto frame = reference_of(image).frame) {
        put(*origin, DCM_ReferencedFrameNumber, std::to_string(*frame));
    }
    put_code(*origin, DCM_PurposeOfReferenceCodeSequence, codes::kSourceImage);
    // What identifies a patient in the image's own pixels is still there; Bucky adds nothing.
    put(dataset, DCM_BurnedInAnnotation, source.burned_in_annotation == "YES" ? "YES" : "NO");
    if (source.lossy_compression == "01") {  // PS3.3 C.7.6.1.1.5: once lossy, always lossy
        put(dataset, DCM_LossyImageCompression, "01");
        put_known(dataset, DCM_LossyImageCompressionRatio, source.lossy_ratio);
        put_known(dataset, DCM_LossyImageCompressionMethod, source.lossy_method);
    }
}

void write_pixels(DcmItem& dataset, const Drawing& drawing) {  // PS3.3 C.7.6.3
    const auto number = [&](const DcmTagKey& tag, std::uint32_t value) {
        const OFCondition made = dataset.putAndInsertUint16(tag, static_cast<Uint16>(value));
        if (made.bad()) throw Error(Fault::bug, "pixels of a picture: {}", made.text());
    };
    number(DCM_SamplesPerPixel, 3);
    put(dataset, DCM_PhotometricInterpretation, "RGB");
    number(DCM_PlanarConfiguration, 0);
    number(DCM_Rows, drawing.rows);
    number(DCM_Columns, drawing.columns);
    number(DCM_BitsAllocated, 8);
    number(DCM_BitsStored, 8);
    number(DCM_HighBit, 7);
    number(DCM_PixelRepresentation, 0);
    const OFCondition made = dataset.putAndInsertUint8Array(
        DCM_PixelData, drawing.rgb.data(), static_cast<unsigned long>(drawing.rgb.size()));
    if (made.bad()) throw Error(Fault::bug, "pixels of a picture: {}", made.text());
}

}  // namespace

Object secondary_capture(const ReportedImage& image, const Drawing& drawing,
                         const OverlayStyle& style) {
    const std::size_t expected = static_cast<std::size_t>(drawing.rows) * drawing.columns * 3;
    if (expected == 0 || drawing.rgb.size() != expected || drawing.rows > 0xFFFF ||
        drawing.columns > 0xFFFF) {
        throw Error(Fault::bug, "a drawing of {} x {} has {} bytes", drawing.columns, drawing.rows,
                    drawing.rgb.size());
    }
    const Source& source = image.source;
    Object object;
    object.sop_class = Uid(UID_SecondaryCaptureImageStorage);
    object.sop_instance = overlay_uid(image);
    object.series = overlay_series_uid(image);
    object.transfer_syntax = UID_LittleEndianExplicitTransferSyntax;
    object.kind = "overlay";

    auto dataset = std::make_unique<DcmDataset>();
    const LocalTime content = local_time(image.result.started_at_ms, source);
    write_sop_common(*dataset, object.sop_class, object.sop_instance, content, source);
    write_patient(*dataset, source);
    write_study(*dataset, source);
    write_series(*dataset, image, style, object.series);
    write_equipment(*dataset, "", style.software_version);
    if (image.result.model) write_algorithms(*dataset, {&*image.result.model, 1});
    put(*dataset, DCM_ConversionType, "WSD");
    put(*dataset, DCM_InstanceNumber, instance_number(source));
    put(*dataset, DCM_PatientOrientation, source.patient_orientation);
    put(*dataset, DCM_ContentDate, content.date);
    put(*dataset, DCM_ContentTime, content.time);
    write_derivation(*dataset, image);
    write_pixels(*dataset, drawing);
    object.part10 = to_part10(std::move(dataset));
    return object;
}

}  // namespace bucky::dicom_sr
