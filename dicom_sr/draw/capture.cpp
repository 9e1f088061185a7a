// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/draw/capture.h"

#include <utility>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcuid.h"

#include "conf/base/error.h"
#include "dicom_sr/common/codes.h"
#include "dicom_sr/common/filing.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/part10.h"

namespace bucky::dicom_sr {
namespace {

void write_derivation(DcmItem& dataset, const Capture& page) {
    put(dataset, DCM_ImageType, "DERIVED\\SECONDARY");
    put(dataset, DCM_DerivationDescription, page.derivation);
    bool burned_in = false;
    const Source* lossy = nullptr;
    for (const ReportedImage& image : page.images) {
        DcmItem& origin = put_reference(dataset, DCM_SourceImageSequence, reference_of(image));
        put_code(origin, DCM_PurposeOfReferenceCodeSequence, codes::kSourceImage);
        burned_in |= image.source.burned_in_annotation == "YES";
        if (image.source.lossy_compression == "01") lossy = &image.source;
    }
    // Text that was burned into the image stays visible in the drawing; Bucky adds no identifier.
    put(dataset, DCM_BurnedInAnnotation, burned_in ? "YES" : "NO");
    if (lossy == nullptr) return;  // PS3.3 C.7.6.1.1.5: once lossy, always lossy
    put(dataset, DCM_LossyImageCompression, "01");
    put_known(dataset, DCM_LossyImageCompressionRatio, lossy->lossy_ratio);
    put_known(dataset, DCM_LossyImageCompressionMethod, lossy->lossy_method);
}

/// Luma of Rec. 601.
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
}

/// The attributes that differ between the two classes, beside Modality.
void write_class(DcmItem& dataset, const Source& source, bool as_radiograph) {
    if (as_radiograph) {  // PS3.3 C.8.1.1: Type 2
        if (!dataset.tagExists(DCM_BodyPartExamined)) put(dataset, DCM_BodyPartExamined, "");
        put(dataset, DCM_ViewPosition, source.view_position);
    } else {
        put(dataset, DCM_ConversionType, "WSD");
    }
}

}  // namespace

Object captured(Capture page, const Drawing& drawing, const OverlayStyle& style) {
    const std::size_t expected = static_cast<std::size_t>(drawing.rows) * drawing.columns * 3;
    if (expected == 0 || drawing.rgb.size() != expected || drawing.rows > 0xFFFF ||
        drawing.columns > 0xFFFF) {
        throw Error(Fault::bug, "a drawing of {} x {} has {} bytes", drawing.columns, drawing.rows,
                    drawing.rgb.size());
    }
    const auto& source = page.images.front().source;
    const auto& result = page.images.front().result;
    Object object = std::move(page.object);
    const bool as_radiograph = object.sop_class.str() == UID_ComputedRadiographyImageStorage;
    auto dataset = std::make_unique<DcmDataset>();
    const LocalTime content = local_time(result.started_at_ms, source);
    // A CR image has to say that its modality is CR; a Secondary Capture says OT, so that no
    // hanging protocol takes the drawing for the radiograph.
    write_filing(*dataset, object, page.images,
                 {as_radiograph ? "CR" : "OT", style.language, style.software_version});
    write_class(*dataset, source, as_radiograph);
    put(*dataset, DCM_InstanceNumber, page.instance_number);
    const bool is_anatomy = row_of(object.kind).scope == ResultScope::analysed_image;
    put(*dataset, DCM_PatientOrientation, is_anatomy ? source.patient_orientation : "");
    put(*dataset, DCM_ContentDate, content.date);
    put(*dataset, DCM_ContentTime, content.time);
    write_derivation(*dataset, page);
    write_pixels(*dataset, drawing, as_radiograph);
    object.part10 = as_radiograph ? to_part10(std::move(dataset), grey_of(drawing.rgb))
                                  : to_part10(std::move(dataset), drawing.rgb);
    return object;
}

}  // namespace bucky::dicom_sr
