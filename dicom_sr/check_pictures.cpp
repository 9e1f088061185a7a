// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"

#include "dicom_sr/checks.h"

namespace bucky::dicom_sr {

void check_picture(DcmItem& dataset, const Source& source, Complaints& out) {
    require_values(dataset,
                   {DCM_ImageType, DCM_SamplesPerPixel, DCM_PhotometricInterpretation, DCM_Rows,
                    DCM_Columns, DCM_BitsAllocated, DCM_BitsStored, DCM_HighBit, DCM_PixelData},
                   out);
    Uint16 rows = 0;
    Uint16 columns = 0;
    (void)dataset.findAndGetUint16(DCM_Rows, rows);
    (void)dataset.findAndGetUint16(DCM_Columns, columns);
    const Uint8* pixels = nullptr;
    unsigned long bytes = 0;
    (void)dataset.findAndGetUint8Array(DCM_PixelData, pixels, &bytes);
    Uint16 samples = 0;
    (void)dataset.findAndGetUint16(DCM_SamplesPerPixel, samples);
    const unsigned long expected = 1UL * samples * rows * columns;
    if (expected == 0 || bytes < expected || bytes > expected + 1) {  // padded to even
        out.push_back(
            fmt::format("PixelData has {} bytes for {} x {} pixels", bytes, columns, rows));
    }
    bool refers = false;
    for_each_item(dataset, DCM_SourceImageSequence, [&](DcmItem& item) {
        refers = value_of(item, DCM_ReferencedSOPInstanceUID) == source.sop_instance.str();
    });
    if (!refers) out.emplace_back("SourceImageSequence does not name the source");
}

void check_presentation(DcmItem& dataset, const Source& source, Complaints& out) {
    require_values(dataset,
                   {DCM_InstanceNumber, DCM_ContentLabel, DCM_PresentationCreationDate,
                    DCM_PresentationCreationTime, DCM_ReferencedSeriesSequence,
                    DCM_SoftcopyVOILUTSequence, DCM_PresentationLUTShape, DCM_GraphicLayerSequence},
                   out);
    bool refers = false;
    for_each_item(dataset, DCM_ReferencedSeriesSequence, [&](DcmItem& series) {
        for_each_item(series, DCM_ReferencedImageSequence, [&](DcmItem& image) {
            refers = value_of(image, DCM_ReferencedSOPInstanceUID) == source.sop_instance.str();
        });
    });
    if (!refers) out.emplace_back("ReferencedImageSequence does not name the source");
    std::set<std::string> layers;
    for_each_item(dataset, DCM_GraphicLayerSequence,
                  [&](DcmItem& layer) { layers.insert(value_of(layer, DCM_GraphicLayer)); });
    for_each_item(dataset, DCM_GraphicAnnotationSequence, [&](DcmItem& annotation) {
        if (!layers.contains(value_of(annotation, DCM_GraphicLayer))) {
            out.emplace_back("an annotation on a layer that is not there");
        }
        for_each_item(annotation, DCM_GraphicObjectSequence, [&](DcmItem& graphic) {
            require_values(graphic, {DCM_GraphicData, DCM_GraphicType, DCM_GraphicFilled}, out);
        });
    });
    for_each_item(dataset, DCM_DisplayedAreaSelectionSequence, [&](DcmItem& area) {
        const std::string corner = fmt::format("{}\\{}", source.columns, source.rows);
        if (value_of(area, DCM_DisplayedAreaBottomRightHandCorner) != corner) {
            out.emplace_back("the displayed area is not the whole image");
        }
    });
}

}  // namespace bucky::dicom_sr
