// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/kind.h"

#include "dicom_sr/report/check_report.h"
#include "dicom_sr/report/measurement_report.h"

namespace bucky::dicom_sr {

template <>
KindParts parts<ResultKind::report>() {
    return {.make = [](const Material& of) { return measurement_report(of.report); },
            .check = check_report,
            .applies = always,
            .pixels_drawn = draws_nothing};
}

}  // namespace bucky::dicom_sr
