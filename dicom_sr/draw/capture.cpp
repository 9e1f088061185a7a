// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/draw/capture.h"

#include <array>
#include <iterator>
#include <set>
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
#include "dicom_sr/draw/palette.h"

namespace bucky::dicom_sr {
namespace {

void write_derivation(DcmItem& dataset, const Capture& page) {
    put(dataset, DCM_ImageType, "DERIVED\\SECONDARY");
    put(dataset, DCM_DerivationDescription, page.derivation);
    bool burned_in = false;
    const Source* lossy = nullptr;
    std::set<Uid> named;  // an image stands there once for each package
    for (const ReportedImage& image : page.images) {
        if (!named.insert(image.source.sop_instance).second) continue;
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

enum class Form { palette, rgb, grey };

std::vector<std::uint8_t> pixels_of(const Drawing& drawing, Form form) {
    switch (form) {
        case Form::palette: return indexed(drawing);
        case Form::rgb: return drawing.rgb;
        case Form::grey: return grey_of(drawing.rgb);
    }
    __builtin_unreachable();
}

void write_palette(DcmItem& dataset) {
    constexpr Uint16 kDescriptor[] = {kPaletteSize, 0, 16};  // entries, first, bits of an entry
    const std::array tags{
        std::pair{DCM_RedPaletteColorLookupTableDescriptor, DCM_RedPaletteColorLookupTableData},
        std::pair{DCM_GreenPaletteColorLookupTableDescriptor, DCM_GreenPaletteColorLookupTableData},
        std::pair{DCM_BluePaletteColorLookupTableDescriptor, DCM_BluePaletteColorLookupTableData}};
    for (std::size_t part = 0; part < tags.size(); ++part) {
        std::array<Uint16, kPaletteSize> entries{};
        for (std::size_t i = 0; i < entries.size(); ++i) {
            entries[i] = static_cast<Uint16>(0x0101U * palette()[i][part]);
        }
        (void)dataset.putAndInsertUint16Array(tags[part].first, kDescriptor,
                                              std::size(kDescriptor));
        (void)dataset.putAndInsertUint16Array(tags[part].second, entries.data(), entries.size());
    }
}

void write_pixels(DcmItem& dataset, const Drawing& drawing, Form form) {  // PS3.3 C.7.6.3
    put_number(dataset, DCM_SamplesPerPixel, form == Form::rgb ? 3 : 1);
    put(dataset, DCM_PhotometricInterpretation,
        form == Form::grey  ? "MONOCHROME2"
        : form == Form::rgb ? "RGB"
                            : "PALETTE COLOR");
    if (form == Form::rgb) put_number(dataset, DCM_PlanarConfiguration, 0);
    put_number(dataset, DCM_Rows, drawing.rows);
    put_number(dataset, DCM_Columns, drawing.columns);
    put_number(dataset, DCM_BitsAllocated, 8);
    put_number(dataset, DCM_BitsStored, 8);
    put_number(dataset, DCM_HighBit, 7);
    put_number(dataset, DCM_PixelRepresentation, 0);
    if (form == Form::palette) write_palette(dataset);
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
    const Form form = as_radiograph ? Form::grey : drawing.has_tint ? Form::rgb : Form::palette;
    write_pixels(*dataset, drawing, form);
    object.transfer_syntax = UID_RLELosslessTransferSyntax;
    object.part10 = to_part10(std::move(dataset), pixels_of(drawing, form));
    return object;
}

}  // namespace bucky::dicom_sr
