// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/kind.h"

#include "dicom_sr/presentation/check_presentation.h"
#include "dicom_sr/presentation/presentation.h"

namespace bucky::dicom_sr {

template <>
KindParts parts<ResultKind::presentation>() {
    return {.make =
                [](const Material& of) {
                    return presentation_state(Answers{of.images}, of.shown().grey,
                                              {of.style.language, of.style.software_version});
                },
            .check = check_presentation,
            .applies = always,
            .pixels_drawn = draws_nothing,
            .has_content_date = false};  // Presentation Creation Date instead (PS3.3 C.11.10)
}

}  // namespace bucky::dicom_sr
