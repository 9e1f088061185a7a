// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcelem.h"

#include "dicom_sr/common/checks.h"

namespace bucky::dicom_sr {
namespace {

std::size_t items_of(DcmItem& item, const DcmTagKey& sequence) {
    std::size_t count = 0;
    for_each_item(item, sequence, [&](DcmItem&) { ++count; });
    return count;
}

/// What every multi-frame result has (PS3.3 C.7.6.16, C.7.6.17): frames and groups that agree, and
/// the image that they were derived from.
void check_frames(DcmItem& dataset, const Source& source, std::size_t bits, Complaints& out) {
    require_values(dataset,
                   {DCM_InstanceNumber, DCM_ContentLabel, DCM_NumberOfFrames, DCM_Rows, DCM_Columns,
                    DCM_SharedFunctionalGroupsSequence, DCM_PerFrameFunctionalGroupsSequence,
                    DCM_DimensionIndexSequence, DCM_PixelData, DCM_DeviceSerialNumber},
                   out);
    Sint32 frames = 0;
    Uint16 rows = 0;
    Uint16 columns = 0;
    (void)dataset.findAndGetSint32(DCM_NumberOfFrames, frames);
    (void)dataset.findAndGetUint16(DCM_Rows, rows);
    (void)dataset.findAndGetUint16(DCM_Columns, columns);
    const auto count = static_cast<std::size_t>(std::max(frames, 0));
    if (items_of(dataset, DCM_PerFrameFunctionalGroupsSequence) != count) {
        out.emplace_back("not a functional group for each frame");
    }
    DcmElement* pixels = nullptr;
    (void)dataset.findAndGetElement(DCM_PixelData, pixels);
    const std::size_t bytes = (count * rows * columns * bits + 15) / 16 * 2;
    if (pixels == nullptr || pixels->getLength() != bytes || bytes == 0) {
        out.push_back(fmt::format("PixelData has not the {} bytes of its frames", bytes));
    }
    bool refers = false;
    for_each_item(dataset, DCM_SharedFunctionalGroupsSequence, [&](DcmItem& shared) {
        for_each_item(shared, DCM_DerivationImageSequence, [&](DcmItem& derivation) {
            for_each_item(derivation, DCM_SourceImageSequence, [&](DcmItem& image) {
                refers = value_of(image, DCM_ReferencedSOPInstanceUID) == source.sop_instance.str();
            });
        });
    });
    if (!refers) out.emplace_back("SourceImageSequence does not name the source");
}

}  // namespace

void check_segmentation(DcmItem& dataset, const Source& source, Complaints& out) {
    check_frames(dataset, source, 1, out);
    Uint16 rows = 0;
    Uint16 columns = 0;
    (void)dataset.findAndGetUint16(DCM_Rows, rows);
    (void)dataset.findAndGetUint16(DCM_Columns, columns);
    if (rows != source.rows || columns != source.columns) {
        out.emplace_back("the segments are not on the image's own pixels");
    }
    std::set<std::string> tracked;
    for_each_item(dataset, DCM_SegmentSequence, [&](DcmItem& segment) {
        require_values(segment,
                       {DCM_SegmentNumber, DCM_SegmentLabel, DCM_SegmentAlgorithmType,
                        DCM_SegmentAlgorithmName, DCM_SegmentedPropertyCategoryCodeSequence,
                        DCM_SegmentedPropertyTypeCodeSequence, DCM_TrackingID, DCM_TrackingUID},
                       out);
        if (!tracked.insert(value_of(segment, DCM_TrackingUID)).second) {
            out.emplace_back("one tracking UID for two segments");
        }
    });
}

void check_picture(DcmItem& dataset, std::size_t pixel_bytes, const Source& source,
                   Complaints& out) {
    require_values(dataset,
                   {DCM_ImageType, DCM_SamplesPerPixel, DCM_PhotometricInterpretation, DCM_Rows,
                    DCM_Columns, DCM_BitsAllocated, DCM_BitsStored, DCM_HighBit},
                   out);
    Uint16 rows = 0;
    Uint16 columns = 0;
    (void)dataset.findAndGetUint16(DCM_Rows, rows);
    (void)dataset.findAndGetUint16(DCM_Columns, columns);
    Uint16 samples = 0;
    (void)dataset.findAndGetUint16(DCM_SamplesPerPixel, samples);
    const std::size_t expected = 1UL * samples * rows * columns;
    if (expected == 0 || pixel_bytes != (expected + 1) / 2 * 2) {  // padded to even
        out.push_back(
            fmt::format("PixelData has {} bytes for {} x {} pixels", pixel_bytes, columns, rows));
    }
    bool refers = false;
    for_each_item(dataset, DCM_SourceImageSequence, [&](DcmItem& item) {
        refers |= value_of(item, DCM_ReferencedSOPInstanceUID) == source.sop_instance.str();
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
