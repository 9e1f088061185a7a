// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/kind.h"

#include "dicom_sr/chest_cad/check_chest_cad.h"
#include "dicom_sr/chest_cad/chest_cad.h"

namespace bucky::dicom_sr {

template <>
KindParts parts<ResultKind::chest_cad>() {
    return {.make = [](const Material& of) { return chest_cad(of.report); },
            .check = check_chest_cad,
            .applies = always,
            .pixels_drawn = draws_nothing};
}

}  // namespace bucky::dicom_sr
