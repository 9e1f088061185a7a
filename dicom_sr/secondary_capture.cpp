// SPDX-License-Identifier: Apache-2.0
#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcuid.h"

#include "conf/base/error.h"
#include "dicom_sr/codes.h"
#include "dicom_sr/identity.h"
#include "dicom_sr/modules.h"
#include "dicom_sr/overlay.h"
#include "dicom_sr/part10.h"
#include "dicom_sr/wording.h"

namespace bucky::dicom_sr {
namespace {

void write_derivation(DcmItem& dataset, const ReportedImage& image) {
    const Source& source = image.source;
    put(dataset, DCM_ImageType, "DERIVED\\SECONDARY");
    put(dataset, DCM_DerivationDescription,
        "Windowed for display, resampled, findings drawn in. Not for measurement.");
    DcmItem& origin = put_reference(dataset, DCM_SourceImageSequence, reference_of(image));
    put_code(origin, DCM_PurposeOfReferenceCodeSequence, codes::kSourceImage);
    // What identifies a patient in the image's own pixels is still there; Bucky adds nothing.
    put(dataset, DCM_BurnedInAnnotation, source.burned_in_annotation == "YES" ? "YES" : "NO");
    if (source.lossy_compression == "01") {  // PS3.3 C.7.6.1.1.5: once lossy, always lossy
        put(dataset, DCM_LossyImageCompression, "01");
        put_known(dataset, DCM_LossyImageCompressionRatio, source.lossy_ratio);
        put_known(dataset, DCM_LossyImageCompressionMethod, source.lossy_method);
    }
}

/// Rec. 601: what a grey screen makes of the colours.
std::vector<std::uint8_t> grey_of(const std::vector<std::uint8_t>& rgb) {
    std::vector<std::uint8_t> grey(rgb.size() / 3);
    for (std::size_t at = 0; at < grey.size(); ++at) {
        const std::uint8_t* pixel = &rgb[3 * at];
        grey[at] = static_cast<std::uint8_t>(
            (299U * pixel[0] + 587U * pixel[1] + 114U * pixel[2] + 500U) / 1000U);
    }
    return grey;
}

void write_pixels(DcmItem& dataset, const Drawing& drawing, bool in_grey) {  // PS3.3 C.7.6.3
    put_number(dataset, DCM_SamplesPerPixel, in_grey ? 1 : 3);
    put(dataset, DCM_PhotometricInterpretation, in_grey ? "MONOCHROME2" : "RGB");
    if (!in_grey) put_number(dataset, DCM_PlanarConfiguration, 0);
    put_number(dataset, DCM_Rows, drawing.rows);
    put_number(dataset, DCM_Columns, drawing.columns);
    put_number(dataset, DCM_BitsAllocated, 8);
    put_number(dataset, DCM_BitsStored, 8);
    put_number(dataset, DCM_HighBit, 7);
    put_number(dataset, DCM_PixelRepresentation, 0);
    std::vector<std::uint8_t> grey;
    if (in_grey) grey = grey_of(drawing.rgb);
    const auto& pixels = in_grey ? grey : drawing.rgb;
    const OFCondition made = dataset.putAndInsertUint8Array(
        DCM_PixelData, pixels.data(), static_cast<unsigned long>(pixels.size()));
    if (made.bad()) throw Error(Fault::bug, "pixels of a picture: {}", made.text());
}

/// What sets the two classes apart. A CR image has to say that its modality is CR; a Secondary
/// Capture says OT, so that no hanging protocol takes the drawing for the radiograph.
void write_class(DcmItem& dataset, const Source& source, bool as_radiograph) {
    if (as_radiograph) {  // PS3.3 C.8.1.1: Type 2
        if (!dataset.tagExists(DCM_BodyPartExamined)) put(dataset, DCM_BodyPartExamined, "");
        put(dataset, DCM_ViewPosition, source.view_position);
    } else {
        put(dataset, DCM_ConversionType, "WSD");
    }
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
    const bool as_radiograph = style.sop_class.str() == UID_ComputedRadiographyImageStorage;
    const std::string told_as = as_radiograph ? "overlay in grey" : kind::kOverlay;
    object.sop_class = style.sop_class;
    object.sop_instance = object_uid(told_as, image);
    object.series = series_uid(told_as, image);
    object.transfer_syntax = UID_LittleEndianExplicitTransferSyntax;
    object.kind = kind::kOverlay;

    auto dataset = std::make_unique<DcmDataset>();
    const LocalTime content = local_time(image.result.started_at_ms, source);
    write_sop_common(*dataset, object.sop_class, object.sop_instance, content, source);
    write_patient(*dataset, source);
    write_study(*dataset, source);
    write_series(*dataset, as_radiograph ? "CR" : "OT", object.series, kPictureSeries,
                 series_description({&image, 1}, style.language), source);
    write_equipment(*dataset, "", style.software_version);
    if (image.result.model) write_algorithms(*dataset, {&*image.result.model, 1});
    write_class(*dataset, source, as_radiograph);
    put(*dataset, DCM_InstanceNumber, instance_number_after(source));
    put(*dataset, DCM_PatientOrientation, source.patient_orientation);
    put(*dataset, DCM_ContentDate, content.date);
    put(*dataset, DCM_ContentTime, content.time);
    write_derivation(*dataset, image);
    write_pixels(*dataset, drawing, as_radiograph);
    object.part10 = to_part10(std::move(dataset));
    return object;
}

}  // namespace bucky::dicom_sr
