// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/segmentation/check_segmentation.h"

#include <algorithm>
#include <set>
#include <string>

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcelem.h"

namespace bucky::dicom_sr {
namespace {

std::size_t items_of(DcmItem& item, const DcmTagKey& sequence) {
    std::size_t count = 0;
    for_each_item(item, sequence, [&](DcmItem&) { ++count; });
    return count;
}

/// Frames and functional groups agree, and name the image that they were derived from (PS3.3
/// C.7.6.16, C.7.6.17).
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
    std::size_t referring = 0;
    for_each_item(dataset, DCM_PerFrameFunctionalGroupsSequence, [&](DcmItem& frame) {
        for_each_item(frame, DCM_DerivationImageSequence, [&](DcmItem& derivation) {
            for_each_item(derivation, DCM_SourceImageSequence, [&](DcmItem& image) {
                const auto named = value_of(image, DCM_ReferencedSOPInstanceUID);
                if (named == source.sop_instance.str()) ++referring;
            });
        });
    });
    if (referring != count) out.emplace_back("not every frame names the source");
    for_each_item(dataset, DCM_SharedFunctionalGroupsSequence, [&](DcmItem& shared) {
        for_each_item(shared, DCM_PixelMeasuresSequence, [&](DcmItem& measures) {
            require_values(measures, {DCM_SliceThickness, DCM_PixelSpacing}, out);
        });
        require_values(shared, {DCM_PlaneOrientationSequence}, out);
    });
}

}  // namespace

void check_segmentation(const ReadBack& read, Complaints& out) {
    DcmItem& dataset = read.dataset;
    check_frames(dataset, read.source, 1, out);
    Uint16 rows = 0;
    Uint16 columns = 0;
    (void)dataset.findAndGetUint16(DCM_Rows, rows);
    (void)dataset.findAndGetUint16(DCM_Columns, columns);
    if (rows != read.source.rows || columns != read.source.columns) {
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

}  // namespace bucky::dicom_sr
