// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/kind.h"

#include "dicom_sr/segmentation/check_segmentation.h"
#include "dicom_sr/segmentation/segmentation.h"

namespace bucky::dicom_sr {

template <>
KindParts parts<ResultKind::segmentation>() {
    return {.make =
                [](const Material& of) {
                    return segmentation(Answers{of.images}, of.style.language,
                                        of.style.software_version);
                },
            .check = check_segmentation,
            .applies = [](auto images) { return has_outlines(Answers{images}); },
            .pixels_drawn = draws_nothing};
}

}  // namespace bucky::dicom_sr
