// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/presentation/check_presentation.h"

#include <set>
#include <string>

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"

namespace bucky::dicom_sr {

void check_presentation(const ReadBack& read, Complaints& out) {
    DcmItem& dataset = read.dataset;
    require_values(dataset,
                   {DCM_InstanceNumber, DCM_ContentLabel, DCM_PresentationCreationDate,
                    DCM_PresentationCreationTime, DCM_ReferencedSeriesSequence,
                    DCM_SoftcopyVOILUTSequence, DCM_PresentationLUTShape, DCM_GraphicLayerSequence},
                   out);
    bool refers = false;
    for_each_item(dataset, DCM_ReferencedSeriesSequence, [&](DcmItem& series) {
        for_each_item(series, DCM_ReferencedImageSequence, [&](DcmItem& image) {
            refers =
                value_of(image, DCM_ReferencedSOPInstanceUID) == read.source.sop_instance.str();
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
        const std::string corner = fmt::format("{}\\{}", read.source.columns, read.source.rows);
        if (value_of(area, DCM_DisplayedAreaBottomRightHandCorner) != corner) {
            out.emplace_back("the displayed area is not the whole image");
        }
    });
}

}  // namespace bucky::dicom_sr
