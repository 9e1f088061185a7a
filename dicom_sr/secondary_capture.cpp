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

void write_pixels(DcmItem& dataset, const Drawing& drawing) {  // PS3.3 C.7.6.3
    put_number(dataset, DCM_SamplesPerPixel, 3);
    put(dataset, DCM_PhotometricInterpretation, "RGB");
    put_number(dataset, DCM_PlanarConfiguration, 0);
    put_number(dataset, DCM_Rows, drawing.rows);
    put_number(dataset, DCM_Columns, drawing.columns);
    put_number(dataset, DCM_BitsAllocated, 8);
    put_number(dataset, DCM_BitsStored, 8);
    put_number(dataset, DCM_HighBit, 7);
    put_number(dataset, DCM_PixelRepresentation, 0);
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
    object.sop_instance = object_uid(kind::kOverlay, image);
    object.series = series_uid(kind::kOverlay, image);
    object.transfer_syntax = UID_LittleEndianExplicitTransferSyntax;
    object.kind = kind::kOverlay;

    auto dataset = std::make_unique<DcmDataset>();
    const LocalTime content = local_time(image.result.started_at_ms, source);
    write_sop_common(*dataset, object.sop_class, object.sop_instance, content, source);
    write_patient(*dataset, source);
    write_study(*dataset, source);
    // Not the image's own modality: no hanging protocol may take the drawing for the radiograph.
    write_series(*dataset, "OT", object.series, kPictureSeries,
                 series_description({&image, 1}, style.language), source);
    write_equipment(*dataset, "", style.software_version);
    if (image.result.model) write_algorithms(*dataset, {&*image.result.model, 1});
    put(*dataset, DCM_ConversionType, "WSD");
    put(*dataset, DCM_InstanceNumber, instance_number_after(source));
    put(*dataset, DCM_PatientOrientation, source.patient_orientation);
    put(*dataset, DCM_ContentDate, content.date);
    put(*dataset, DCM_ContentTime, content.time);
    write_derivation(*dataset, image);
    write_pixels(*dataset, drawing);
    object.part10 = to_part10(std::move(dataset));
    return object;
}

}  // namespace bucky::dicom_sr
